/**
 * The figures of the project, from the lab: ours beside ptp4l, phc2sys and chronyd in the same boot, as
 * medians over seeds of what the truth file says. Written to bench/RESULTS.md.
 *
 *   npm run bench [-- --seeds 3] [-- CONTEST...]     all, or those named (without `contest-`)
 *
 * A ratio is ours divided by the peer's: below 1 is better. A contest that was not run keeps the
 * section that it has.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Job, type Result, runJobs } from '../test/lab/host.ts'
import { SCENARIOS } from '../test/lab/scenarios/catalogue.ts'
import { type Comparison, compareAll, OURS } from './lib/compare.ts'
import { writeSection } from './lib/results.ts'

const PREFIX = 'contest-'
const RESULTS = join(import.meta.dirname, 'RESULTS.md')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '3' } },
})

const version = (command: string, ...args: string[]): string => {
  const text = execFileSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  })
  return /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? 'unknown'
}

const number = (value: number): string => {
  if (value === Number.POSITIVE_INFINITY) return 'never'
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function rowOf({ figure, unit, ours, peers }: Comparison): string {
  const range = `${number(ours.median)} (${number(ours.least)} to ${number(ours.most)})`
  const others = peers.map(
    ({ name, median, ratio }) => `${name} ${number(median)}: **${number(ratio)}**`,
  )
  return `| ${figure} | ${unit} | ${range} | ${others.join('<br>')} |`
}

function section(title: string, results: readonly Result[]): string {
  const rows = compareAll(results).map(rowOf)
  return [
    `${title}. Median of ${results.length} seeds (least to most).`,
    '',
    `| figure | unit | ${OURS} | peer: ratio ours/peer |`,
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}

const known = Object.keys(SCENARIOS).filter((name) => name.startsWith(PREFIX))
const wanted = positionals.length === 0 ? known : positionals.map((name) => PREFIX + name)
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`no ${unknown.join(', ')}; there are ${known.join(', ')}`)
  process.exit(2)
}

const jobs: Job[] = wanted.flatMap((scenario) =>
  Array.from({ length: Number(values.seeds) }, (_, k) => ({ scenario, seed: k + 1 })),
)
const results = await runJobs(jobs)
for (const { scenario, seed, error } of results) {
  if (error !== '') console.error(`${scenario}, seed ${seed}: ${error}`)
}
const peers = `chronyd ${version('chronyd', '--version')}, linuxptp ${version('ptp4l', '-v')}`
writeSection(RESULTS, 'The lab', `Peers of this run: ${peers}; medians over seeds.`)
for (const scenario of wanted) {
  const mine = results.filter((each) => each.scenario === scenario && each.error === '')
  if (mine.length === 0) continue
  const text = section(SCENARIOS[scenario]?.title ?? '', mine)
  console.log(`\n${scenario}\n${text}`)
  writeSection(RESULTS, scenario.slice(PREFIX.length), text)
}
process.exitCode = results.every(({ error }) => error === '') ? 0 : 1
