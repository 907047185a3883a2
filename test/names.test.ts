import { decode, encode } from 'dns-packet'
import t from 'tap'
import type { Action, Event, Now } from '../agent/core/machine.ts'
import { mono, utc } from '../agent/core/units.ts'
import { parseResolvConf } from '../agent/dns/resolv-conf.ts'
import { Names } from '../agent/names.ts'
import { SeededRandom } from '../agent/sim/random.ts'

const at = (seconds: number): Now => ({ mono: mono(BigInt(seconds * 1e9)), utc: utc(0n) })
const FAULT = { code: 'UNKNOWN', syscall: 'resolve', errno: 'ESERVFAIL' } as const
const failed = (key: string): Event => ({ on: 'failed', what: 'resolve', key, fault: FAULT })
const resolve = (key: string, name: string): Action => ({ do: 'resolve', key, name })
const STAMP = { at: utc(0n), kind: 'daemon' } as const

const A = 'ntp:a|resolve'
const B = 'ntp:b|resolve'

function built(text = 'nameserver 10.0.0.53\n') {
  let conf = parseResolvConf(text)
  const names = new Names(() => conf, new SeededRandom('1'))
  names.sent(resolve(A, 'a.example'))
  names.sent(resolve(B, 'b.example'))
  /** The name server answers both questions; undefined: SERVFAIL. */
  const answer = (asked: readonly Action[], address: string | undefined) => {
    const [open] = asked
    const channel = open?.do === 'open' ? open.channel : ''
    const sent = names.handle({ on: 'opened', channel, stamps: 'daemon' }, at(0)).actions
    const queries = sent.flatMap((each) =>
      each.do === 'send' ? [decode(Buffer.from(each.data))] : [],
    )
    const heard = queries.map(({ id = 0, questions = [] }) => {
      const [{ name = '', type = '' } = {}] = questions
      const isFound = type === 'A' && address !== undefined
      const answers = isFound ? [{ type: 'A', name, ttl: 9, data: address } as const] : []
      const flags = address === undefined ? 2 : 0
      const data = encode({ type: 'response', id, questions, flags, answers })
      return names.handle({ on: 'received', channel, data, stamp: STAMP }, at(0))
    })
    return heard.at(-1) ?? { actions: [], events: [] }
  }
  return { names, answer, learn: (later: string) => (conf = parseResolvConf(later)) }
}

const notes = (actions: readonly Action[]) => actions.filter((action) => action.do === 'note')

t.test('before the first lock a failure becomes a question, and that an answer', async (t) => {
  const { names, answer } = built()
  const asked = names.failed(failed(A), at(0)) ?? []
  t.match(asked, [{ do: 'open', transport: 'udp', address: '10.0.0.53', port: 53 }])
  const { actions, events } = answer(asked, '192.0.2.1')
  t.same(events, [{ on: 'resolved', key: A, addresses: ['192.0.2.1'], unvalidated: true }])
  t.same(notes(actions), [
    {
      ...{ do: 'note', code: 'dns-unvalidated', subject: 'ntp:a' },
      detail: 'a.example: 192.0.2.1, as 10.0.0.53 has it, unvalidated',
    },
  ])
})

t.test('where that fails as well the first failure stands', async (t) => {
  const { names, answer } = built()
  const { actions, events } = answer(names.failed(failed(A), at(0)) ?? [], undefined)
  t.same(events, [failed(A)])
  t.same(notes(actions), [])
})

t.test('other failures, names of nobody, and nobody to ask: nothing is done', async (t) => {
  const { names } = built()
  t.equal(names.failed({ on: 'failed', what: 'load', key: A, fault: FAULT }, at(0)), undefined)
  t.equal(names.failed(failed('ntp:c|resolve'), at(0)), undefined)
  t.same(names.handle({ on: 'stop' }, at(0)), { actions: [], events: [] })
  const { names: alone, learn } = built('')
  t.equal(alone.failed(failed(A), at(0)), undefined)
  learn('nameserver 10.0.0.54\n')
  t.match(alone.failed(failed(A), at(9)), [{ address: '10.0.0.54' }, {}], 'a file that came late')
})

t.test('from the first lock on each unvalidated name is resolved again, one by one', async (t) => {
  const { names, answer } = built()
  answer(names.failed(failed(A), at(0)) ?? [], '192.0.2.1')
  answer(names.failed(failed(B), at(0)) ?? [], '192.0.2.2')
  t.same(names.clockIs('acquiring', at(1)), [])
  t.same(names.clockIs(undefined, at(2)), [])
  t.same(names.clockIs('locked', at(3)), [resolve(A, 'a.example')])
  t.same(names.clockIs('locked', at(4)), [])
  t.same(names.clockIs('holdover', at(19)), [resolve(B, 'b.example')])
  t.same(names.clockIs('locked', at(60)), [], 'each once')
})

t.test('after the first lock a failure stands, whatever became of the lock', async (t) => {
  const { names, answer } = built()
  const underWay = names.failed(failed(A), at(0)) ?? []
  names.clockIs('locked', at(1))
  names.clockIs('freerun', at(2))
  t.equal(names.failed(failed(B), at(3)), undefined)
  const { actions, events } = answer(underWay, '192.0.2.1')
  t.same(events, [failed(A)], 'also one that is asked at that moment')
  t.same(notes(actions), [])
})
