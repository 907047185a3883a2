import t from 'tap'
import type { Now } from '../../agent/core/machine.ts'
import { mono, utc } from '../../agent/core/units.ts'
import { createLog, isoTime, type LogLevel } from '../../agent/runtime/log.ts'

const now: Now = { mono: mono(5_250_000_000n), utc: utc(1_767_225_600_123_456_789n) }

function capture(level: LogLevel) {
  const lines: string[] = []
  return { lines, log: createLog(level, { write: (line) => lines.push(line) }) }
}
const parsed = (lines: readonly string[]): unknown[] => lines.map((line) => JSON.parse(line))

t.test('a note is one line with its code, both clocks and the level of its severity', async (t) => {
  const { lines, log } = capture('info')
  log.note('step', 'system', 'by -0.25 s, reason boot', now)
  t.equal(lines.length, 1)
  t.match(lines[0], /\n$/)
  t.strictSame(parsed(lines), [
    {
      level: 'warn',
      time: '2026-01-01T00:00:00.123456789Z',
      mono: 5.25,
      event: 'step',
      subject: 'system',
      detail: 'by -0.25 s, reason boot',
      meaning: 'a clock was stepped',
    },
  ])
})

t.test('what is only counted is for debugging', async (t) => {
  const quiet = capture('info')
  quiet.log.note('timeout', 'ntp:10.0.0.1', '', now)
  quiet.log.note('reachable', 'ntp:10.0.0.1', '', now)
  quiet.log.note('panic', 'system', '', now)
  t.match(parsed(quiet.lines), [{ event: 'reachable' }, { event: 'panic', level: 'error' }])
  const loud = capture('debug')
  loud.log.note('timeout', 'ntp:10.0.0.1', '', now)
  t.match(parsed(loud.lines), [{ event: 'timeout', level: 'debug' }])
})

t.test('the level comes from the configuration', async (t) => {
  const { lines, log } = capture('error')
  log.write('warn', 'start', {}, now)
  log.write('error', 'start', { port: 9975 }, now)
  t.match(parsed(lines), [{ level: 'error', event: 'start', port: 9975 }])
})

t.test('hostile text stays inside its line', async (t) => {
  const { lines, log } = capture('info')
  log.note('resolved', 'ntp:x\n{"level":"fatal"}', '"\u0000\u2028', now)
  t.equal(lines.length, 1)
  t.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1)
  t.match(parsed(lines), [{ subject: 'ntp:x\n{"level":"fatal"}', detail: '"\u0000\u2028' }])
})

t.test('time is that of the event, also before and after the common years', async (t) => {
  t.equal(isoTime(utc(0n)), '1970-01-01T00:00:00.000000000Z')
  t.equal(isoTime(utc(4_102_444_800_000_000_001n)), '2100-01-01T00:00:00.000000001Z')
  t.doesNotThrow(() => isoTime(utc(-1n)))
  t.doesNotThrow(() => isoTime(utc(1n << 70n)))
})

t.test('the log of the agent itself goes to standard error', async (t) => {
  const log = createLog('error')
  log.write('debug', 'not-written', {}, now)
  t.equal(log.lost(), 0)
})
