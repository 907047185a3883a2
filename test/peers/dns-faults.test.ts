/**
 * The table of faults: each made with real servers, measured by the shipped `timewarden dns --once`, and
 * called by its name; and healthy networks, in which nothing may be found. With TIMEWARDEN_FAULT_TABLE the
 * table is written to that file.
 */
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { DIAGNOSES } from '../../agent/dns/diagnoses.ts'
import { HEALTHY } from './dns/catalogue/healthy.ts'
import { FAULTS } from './dns/catalogue.ts'
import { makeMaterial, PROGRAMS } from './dns/material.ts'
import { isNote, renderTable, runAll, strangers } from './dns/table.ts'
import { needs } from './harness.ts'

/** What is promised. */
const FEWEST = 30

t.setTimeout(240_000)

const allowed = needs(...PROGRAMS)
const material = allowed.skip === undefined ? makeMaterial() : undefined
t.teardown(() => material?.remove())

t.test('every fault is called by its name', allowed, async (t) => {
  const outcomes = await runAll(FAULTS, material!)
  const table = renderTable(outcomes)
  for (const line of table.split('\n')) t.comment(line)
  const file = process.env['TIMEWARDEN_FAULT_TABLE']
  if (file !== undefined) writeFileSync(file, `${table}\n`)

  t.ok(FAULTS.filter((fault) => !isNote(fault)).length >= FEWEST, `at least ${FEWEST} faults`)
  for (const fault of FAULTS) {
    const outcome = outcomes.get(fault)
    const { diagnoses = [], exitCode = -1 } = outcome ?? {}
    const told = JSON.stringify(diagnoses.map(({ code, sentence }) => [code, sentence]))
    const named = diagnoses.some(({ code }) => code === fault.expected)
    t.ok(named, `${fault.id} is ${fault.expected}: ${told}`)
    t.same(outcome && strangers(fault, outcome), [], `${fault.id}: nothing else is told: ${told}`)
    const worst = diagnoses.some(({ severity }) => severity === 'critical') ? 2 : 1
    t.equal(exitCode, isNote(fault) ? 0 : worst, `${fault.id}: exit code`)
  }
})

t.test('nothing is found where nothing is wrong', allowed, async (t) => {
  const outcomes = await runAll(HEALTHY, material!)
  for (const [{ id }, { exitCode, diagnoses }] of outcomes) {
    const found = diagnoses.filter(({ code }) => DIAGNOSES[code].severity !== 'info')
    t.same(found, [], id)
    t.equal(exitCode, 0, `${id}: exit code`)
  }
})
