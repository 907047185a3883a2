/**
 * How well the whole agent keeps a simulated clock by NTP: true RMS error in the scenarios A to G of which
 * chronyd's figures are known (chronyd 4.3 in a simulator of its own, 3 seeds each; middle figure).
 *
 *   npm run bench:ntp-sim [-- SEEDS]      default 5
 *
 * The table goes into bench/RESULTS.md. The world: the frequency error starts at 5 ppm and walks at random, one Gaussian step per second; each
 * packet takes the constant delay and an exponential variable each way; the clock starts 10 ms off.
 */
import { rms } from '../agent/core/stats.ts'
import { ROWS, runRow } from './lib/ntp-rows.ts'
import { writeSection } from './lib/results.ts'

const RESULTS = 'bench/RESULTS.md'
const count = Number(process.argv[2] ?? 5)
const seeds = Array.from({ length: count }, (_, k) => `${k + 1}`)

const show = (ns: number): string => (ns / 1000).toFixed(ns < 10_000 ? 3 : 1)
const table: string[] = [
  `True RMS error of the simulated clock in us, ${count} seeds (least to most); chronyd's are its known figures`,
  'in the same world, the middle one; below 1 is better than chronyd.',
  '',
  '| row | world | timewarden | chronyd | ratio | worst |',
  '|---|---|---|---|---|---|',
]

console.log(`true RMS error in us, ${count} seeds; ratio below 1 is better than chronyd`)
for (const row of ROWS) {
  const results = seeds.map((seed) => runRow(row, seed))
  const sorted = results.map(({ errors }) => rms(errors)).sort((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const worst = results
    .flatMap(({ errors }) => errors)
    .reduce((max, each) => Math.max(max, Math.abs(each)), 0)
  const violations = results.reduce((sum, each) => sum + each.violations, 0)
  const range = `${show(middle)} (${show(sorted[0] ?? 0)} to ${show(sorted.at(-1) ?? 0)})`
  const ratio = (middle / row.chronyd).toFixed(2)
  const broken = violations === 0 ? '' : `; bound broken ${violations} times`
  const [peer, far] = [show(row.chronyd), show(worst)]
  console.log(
    `${row.name}  ${row.title}: ${range}, chronyd ${peer}: ${ratio}; worst ${far}${broken}`,
  )
  table.push(`| ${row.name} | ${row.title} | ${range} | ${peer} | **${ratio}** | ${far}${broken} |`)
}
writeSection(RESULTS, 'ntp-sim', table.join('\n'))
