/**
 * |offset| of our NTP client beside `chronyd -x`, both asking one chronyd over one veth pair in one
 * run. All share one kernel clock, so the true offset is 0 and what is printed is error.
 *
 *   npm run bench:ntp-path [-- SECONDS]      root, chronyd and iproute2 are needed
 */
import { quantile } from '../agent/core/stats.ts'
import { measurePath } from '../test/peers/ntp-path.ts'

const seconds = Number(process.argv[2] ?? 60)
const POLL = -2

const microseconds = (ns: number): string => (ns / 1000).toFixed(2).padStart(8)

console.log(`|offset| in us, poll 2^${POLL} s, ${seconds} s for each mode; below 1 is better`)
console.log('mode         quantile     ours  chronyd  ratio  samples')
for (const [mode, xleave, flags] of [
  ['basic', false, []],
  ['interleaved', true, []],
  ['node:dgram', false, ['--dgram']],
] as const) {
  const { ours, chrony } = await measurePath(POLL, xleave, seconds, flags)
  for (const q of [0.5, 0.99]) {
    const [a, b] = [quantile(ours, q), quantile(chrony, q)]
    const row = [mode.padEnd(12), `p${q * 100}`.padEnd(9), microseconds(a), microseconds(b)]
    console.log(
      `${row.join(' ')} ${(a / b).toFixed(2).padStart(6)} ${ours.length}/${chrony.length}`,
    )
  }
}
