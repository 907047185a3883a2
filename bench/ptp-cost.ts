/**
 * What an hour of PTP costs: two PHCs at 16 Hz and a ptp4l at 16 Syncs a second, ours beside two phc2sys;
 * writes bench/RESULTS.md.
 *
 *   npm run bench:ptp-cost [-- --seed 1]       an hour of the guest; 20 to 60 minutes here
 *
 * Aim: 3 % of a core, and no growth. It runs in the lab, where PHCs are real devices and CPU time is
 * instructions, 1 ns each: a core of 1 GIPS. What a core of this machine is beside that one is measured
 * by the same piece of work on both (`test/lab/yardstick.ts`).
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Result, runJobs } from '../test/lab/host.ts'
import { yardstick } from '../test/lab/yardstick.ts'
import { writeSection } from './lib/results.ts'

const AIM = 3
/** Of a usual core between two sleeps. */
const COLD = 3
const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } })
process.env['TIMEWARDEN_LAB_SECONDS'] ??= '10800'

function report({ checks }: Result, host: number): string {
  const of = (name: string): number =>
    checks.find((each) => each.name === name)?.value ?? Number.NaN
  const [guest, agent] = [of('yardstick'), of('CPU|timewarden')]
  const peers = of('CPU|phc2sys, both')
  const [asked, alone] = [of('CPU|ptp4l, asked by timewarden'), of('CPU|ptp4l, alone')]
  const gips = guest / host
  const share = (cpu: number): string => `${(cpu / 36).toFixed(3)} %`
  const row = (name: string, cpu: number): string =>
    `| ${name} | ${cpu.toFixed(1)} | ${share(cpu)} | ${share(cpu / COLD)} | ${share(cpu / gips)} |`
  const error = (name: string): string =>
    `${of(`system, RMS|${name}`).toFixed(2)} and ${of(`PHC 2, RMS|${name}`).toFixed(2)} ns`
  return [
    `Aim: ${AIM} % of a core. The guest has 1 GIPS; a core here does ${gips.toFixed(1)} of its instructions a ns (the`,
    `same warm work takes ${guest.toFixed(2)} s of CPU there and ${host.toFixed(2)} s here). What wakes up 16 times a second is`,
    `never that warm: ${COLD} GIPS are the careful guess. RMS of the system clock and of the PHC that follow: ours`,
    `${error('timewarden')}, phc2sys ${error('phc2sys')}.`,
    '',
    `| program | CPU s per hour, guest | of a 1-GIPS core | of one of ${COLD} GIPS | of a warm core here |`,
    '|---|---|---|---|---|',
    row('timewarden', agent),
    row('two phc2sys', peers),
    row('ptp4l, asked for each Sync by timewarden', asked),
    row('ptp4l, alone', alone),
    '',
    `Ours with its ptp4l beside phc2sys with theirs: ${((agent + asked) / (peers + alone)).toFixed(1)} times the CPU.`,
    `Heap after a collection ${of('heap|timewarden').toFixed(2)} MB, growing by`,
    `${of('heap growth|timewarden').toFixed(1)} kB/h; RSS ${of('RSS|timewarden').toFixed(1)} MB, growing by ${of('RSS growth|timewarden').toFixed(0)} kB/h`,
    '(a straight line through 11 readings of 50 minutes, after 10 minutes).',
  ].join('\n')
}

const host = yardstick()
const [result] = await runJobs([{ scenario: 'cost-ptp', seed: Number(values.seed) }])
if (result === undefined || result.error !== '') {
  console.error(result?.error ?? 'no result')
  process.exit(1)
}
const text = report(result, host)
console.log(text)
writeSection(join(import.meta.dirname, 'RESULTS.md'), 'ptp-cost', text)
