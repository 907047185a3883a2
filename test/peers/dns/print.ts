/** `npm run faults [-- ID...]`: makes the faults, or some of them, and prints what each was called. */

import type { Fault } from './catalogue/fault.ts'
import { HEALTHY } from './catalogue/healthy.ts'
import { FAULTS } from './catalogue.ts'
import { makeMaterial } from './material.ts'
import { codesOf, isNamed, type Outcome, renderTable, runAll } from './table.ts'

const wanted = new Set(process.argv.slice(2))
const chosen = <T extends { readonly id: string }>(rows: readonly T[]): readonly T[] =>
  wanted.size === 0 ? rows : rows.filter(({ id }) => wanted.has(id))

function tell(fault: Fault, outcome: Outcome): void {
  const mark = isNamed(fault, outcome) ? 'ok ' : 'BAD'
  console.error(`${mark} ${fault.id}: ${codesOf(outcome).join(', ') || 'nothing'}`)
  if (mark === 'ok ') return
  for (const { code, sentence, evidence } of outcome.diagnoses) {
    console.error(`      ${code}: ${sentence} [${evidence.join('; ')}]`)
  }
}

const material = makeMaterial()
try {
  const outcomes = await runAll(chosen(FAULTS), material, tell)
  const healthy = await runAll(chosen(HEALTHY), material)
  console.log(renderTable(outcomes))
  for (const [{ words }, outcome] of healthy) {
    console.log(`healthy: ${words}: ${codesOf(outcome).join(', ') || 'nothing found'}`)
  }
} finally {
  material.remove()
}
