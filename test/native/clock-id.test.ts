import t from 'tap'
import {
  CLOCK_REALTIME,
  callClockGettime,
  clockIdOf,
  readClock,
  readClockPair,
  toNanos,
} from '../../native/clock-id.ts'

t.test('the clock id of a descriptor is that of FD_TO_CLOCKID', async (t) => {
  t.equal(clockIdOf(3), -29)
  t.equal(clockIdOf(0), -5)
  for (const fd of [0, 3, 17, 1023, 65_535]) t.equal(~(clockIdOf(fd) >> 3), fd)
})

t.test('the two clocks of the node are read together', async (t) => {
  const before = process.hrtime.bigint()
  const first = readClockPair()
  const second = readClockPair()
  const after = process.hrtime.bigint()
  t.ok(before <= first.mono && first.mono <= second.mono && second.mono <= after)
  t.ok(Math.abs(Number(second.utc / 1_000_000n) - Date.now()) < 1000)
  const apart = second.utc - second.mono - (first.utc - first.mono)
  t.ok(apart < 5_000_000n && apart > -5_000_000n, `moved ${apart} ns against each other`)
})

t.test('a clock id without a device is an errno', async (t) => {
  const timespec = new BigInt64Array(2)
  t.equal(callClockGettime(clockIdOf(1000), timespec), -22, 'EINVAL')
  t.equal(callClockGettime(CLOCK_REALTIME, timespec), 0)
  t.ok(readClock(CLOCK_REALTIME) >= toNanos(timespec))
})
