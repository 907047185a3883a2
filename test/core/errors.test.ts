import t from 'tap'
import {
  AgentError,
  categoryOf,
  decoded,
  describeFault,
  fault,
  PORT_FAULTS,
  type PortFaultCode,
} from '../../agent/core/errors.ts'
import { meaningOf, NOTES, type NoteCode, severityOf } from '../../agent/core/notes.ts'
import { rootDistance } from '../../agent/core/sample.ts'
import { nanos } from '../../agent/core/units.ts'
import { sample } from '../select/fixture.ts'

t.test('a fault of the input is a value with a code and a place', async (t) => {
  t.same(decoded(7), { ok: true, value: 7 })
  t.same(fault('truncated', 47), { ok: false, fault: 'truncated', at: 47 })
})

t.test('every failure of the system says what to do and what to tell', async (t) => {
  for (const code of Object.keys(PORT_FAULTS) as PortFaultCode[]) {
    t.match(categoryOf(code), /^(retry|degrade|exit)$/, code)
    t.match(describeFault({ code, syscall: 'x', errno: '' }), /^x: \w/, code)
  }
  t.equal(categoryOf('PERMISSION'), 'degrade', 'the agent goes on with what it may')
  t.equal(categoryOf('IN_USE'), 'exit')
})

t.test('the thrown form carries the same, with its cause', async (t) => {
  const cause = new Error('below')
  const what = { code: 'PERMISSION', syscall: 'clock_adjtime', errno: 'EPERM' } as const
  const error = new AgentError(what, { cause })
  t.match(error, { ...what, name: 'AgentError', cause })
  t.match(error.message, /^clock_adjtime: EPERM, not permitted/)
  t.ok(error instanceof Error)
})

t.test('every note has a severity and a meaning in words', async (t) => {
  const meanings = (Object.keys(NOTES) as NoteCode[]).map((code) => {
    t.match(severityOf(code), /^(count|info|warning|error)$/, code)
    t.match(code, /^[a-z]+(-[a-z]+)*$/, 'a label of a metric')
    return meaningOf(code)
  })
  t.equal(new Set(meanings).size, meanings.length, 'no two notes mean the same')
})

t.test('root distance: half the delays and all dispersions', async (t) => {
  const each = { rootDelay: nanos(100), rootDispersion: nanos(30), dispersion: nanos(7) }
  t.equal(rootDistance(sample({ ...each, delay: nanos(40) })), 50 + 30 + 20 + 7)
  t.equal(rootDistance(sample({ ...each, delay: nanos(-40) })), 87, 'a delay is never negative')
})
