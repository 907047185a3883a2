/**
 * Every scenario of the lab, or those named; contests, costs and baselines are for the bench.
 *
 *   npm run test:lab [-- --short] [-- --seeds 1] [-- NAME...]
 *
 * Exit status 0: every bound held. A lab that cannot boot is a failure.
 */
import { parseArgs } from 'node:util'
import { type Job, type Result, runJobs } from './host.ts'
import { holds } from './scenario.ts'
import { SCENARIOS, SHORT } from './scenarios/catalogue.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false }, seeds: { type: 'string', default: '1' } },
})

function chosen(): string[] {
  if (positionals.length > 0) return positionals
  if (values.short) return [...SHORT]
  return Object.keys(SCENARIOS).filter((name) => !/^(contest|baseline|cost)-/.test(name))
}

function report({ scenario, seed, ok, title, error, checks }: Result): string {
  const broken = checks.filter((check) => !holds(check))
  const lines = broken.map(
    ({ name, value, limit, unit }) => `    ${name}: ${value} ${unit} (at most ${limit})`,
  )
  const failure = error === '' ? [] : [error.replaceAll(/^/gm, '    ')]
  const verdict = ok ? 'ok    ' : 'NOT OK'
  return [`${verdict} ${scenario}, seed ${seed}: ${title}`, ...lines, ...failure].join('\n')
}

const jobs: Job[] = chosen().flatMap((scenario) =>
  Array.from({ length: Number(values.seeds) }, (_, k) => ({ scenario, seed: k + 1 })),
)
const results = await runJobs(jobs)
const failed = results.filter(({ ok }) => !ok).length
console.log(results.map(report).join('\n'))
console.log(
  `${results.length - failed} of ${results.length} scenarios of the lab held their bounds`,
)
process.exitCode = failed === 0 ? 0 : 1
