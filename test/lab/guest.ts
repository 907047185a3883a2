/**
 * Runs one scenario in the virtual machine and writes result.json: the checks, each with its bound.
 * Exit status 0: every bound held.
 */
import { writeFileSync } from 'node:fs'
import { installAgent } from './agent.ts'
import { untouched } from './contest.ts'
import { Lab } from './lab.ts'
import { type Check, holds } from './scenario.ts'
import { SCENARIOS } from './scenarios/catalogue.ts'

const [name = '', seed = '1'] = process.argv.slice(2)

async function main(): Promise<number> {
  const scenario = SCENARIOS[name]
  if (scenario === undefined) {
    process.stdout.write(`no scenario ${name}; there are ${Object.keys(SCENARIOS).join(', ')}\n`)
    return 2
  }
  const lab = new Lab(Number(seed))
  lab.say(scenario.title)
  let checks: Check[] = []
  let error = ''
  try {
    installAgent(lab)
    // on a busy host that took minutes of the guest, in which its clock ran away
    untouched(lab, 0)
    checks = await scenario.run(lab)
  } catch (thrown) {
    error = String(thrown instanceof Error ? thrown.stack : thrown)
    lab.say(error)
  }
  await lab.stopAll()
  const ok = error === '' && checks.length > 0 && checks.every(holds)
  for (const check of checks) {
    const bound = check.limit === undefined ? '' : ` (at most ${check.limit})`
    lab.say(
      `${holds(check) ? 'ok    ' : 'NOT OK'} ${check.name}: ${check.value} ${check.unit}${bound}`,
    )
  }
  const result = { scenario: name, title: scenario.title, seed: Number(seed), ok, error, checks }
  writeFileSync('/tmp/out/result.json', `${JSON.stringify(result, null, 2)}\n`)
  return ok ? 0 : 1
}

process.exitCode = await main()
