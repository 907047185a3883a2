import { decode, encode } from 'dns-packet'
import t from 'tap'
import type { Action, Now } from '../../agent/core/machine.ts'
import { mono, utc } from '../../agent/core/units.ts'
import { parseResolvConf } from '../../agent/dns/resolv-conf.ts'
import { type Found, Unvalidated } from '../../agent/dns/unvalidated.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

/** How a name server behaves: NOERROR with these addresses, an rcode, answers to another id, silence. */
type Manner = readonly string[] | 'servfail' | 'nxdomain' | 'stray' | 'silent' | 'refuses'
type Servers = Readonly<Record<string, (name: string) => Manner>>

const at = (seconds: number): Now => ({
  mono: mono(BigInt(Math.round(seconds * 1e9))),
  utc: utc(0n),
})
const RCODES = { servfail: 2, nxdomain: 3 } as const

function reply(query: Uint8Array, manner: Manner): Uint8Array | undefined {
  if (manner === 'silent' || manner === 'refuses') return undefined
  const { id = 0, questions = [] } = decode(Buffer.from(query))
  const [{ name = '', type = 'A' } = {}] = questions
  const addresses = typeof manner === 'string' ? [] : manner
  return encode({
    ...{ type: 'response', id: manner === 'stray' ? id ^ 0x5555 : id, questions },
    flags: manner === 'servfail' || manner === 'nxdomain' ? RCODES[manner] : 0,
    answers: addresses
      .filter((data) => data.includes(':') === (type === 'AAAA'))
      .map((data) => ({ type: type === 'A' ? 'A' : 'AAAA', name, ttl: 9, data }) as const),
  })
}

/** Plays the runner and the name servers: what was asked of whom, what came of it, and when. */
function lookUp(conf: string, name: string, servers: Servers) {
  const machine = new Unvalidated(() => parseResolvConf(conf), new SeededRandom('1'))
  const begun = machine.begin('k', name, at(0))
  const queue: Action[] = [...(begun ?? [])]
  const to = new Map<string, string>()
  const timers = new Map<string, bigint>()
  const asked: string[] = []
  const questions: ReturnType<typeof decode>[] = []
  const found: Found[] = []
  let now = at(0)
  const give = (event: Parameters<Unvalidated['handle']>[0]): void => {
    const done = machine.handle(event, now)
    queue.push(...done.actions)
    found.push(...done.found)
  }
  const ask = (channel: string, data: Uint8Array): void => {
    const query = decode(Buffer.from(data))
    questions.push(query)
    const [{ name: wanted = '', type = '' } = {}] = query.questions ?? []
    const address = to.get(channel) ?? ''
    asked.push(`${address} ${wanted} ${type}`)
    const manner = servers[address]?.(wanted) ?? 'silent'
    const answer = reply(data, manner)
    const stamp = { at: now.utc, kind: 'daemon' } as const
    if (answer !== undefined) give({ on: 'received', channel, data: answer, stamp })
    const fault = { code: 'REFUSED', syscall: 'recv', errno: '' } as const
    if (manner === 'refuses') give({ on: 'failed', what: 'send', key: channel, fault })
  }
  const perform = (action: Action): void => {
    if (action.do === 'timer') timers.set(action.key, action.at)
    if (action.do === 'cancel') timers.delete(action.key)
    if (action.do === 'close') to.delete(action.channel)
    if (action.do === 'send') ask(action.channel, action.data)
    if (action.do !== 'open') return
    to.set(action.channel, action.address)
    give({ on: 'opened', channel: action.channel, stamps: 'daemon' })
  }
  while (queue.length > 0 || timers.size > 0) {
    for (let action = queue.shift(); action !== undefined; action = queue.shift()) perform(action)
    const [next] = [...timers].sort(([, a], [, b]) => Number(a - b))
    if (next === undefined) continue
    now = { ...now, mono: mono(next[1]) }
    timers.delete(next[0])
    give({ on: 'timer', key: next[0] })
  }
  const names = asked.filter((each) => each.endsWith(' A')).map((each) => each.slice(0, -2))
  return { begun, asked, names, questions, found, seconds: Number(now.mono) / 1e9, open: to.size }
}

const CONF = 'nameserver 10.0.0.1\nnameserver 10.0.0.2\n'
const NAME = 'ntp.example.org'
const always = (manner: Manner) => () => manner

t.test('A and AAAA are asked with CD, and both make the answer', async (t) => {
  const both = ['192.0.2.1', '2001:db8::1']
  const { asked, questions, found, open } = lookUp(CONF, NAME, { '10.0.0.1': always(both) })
  t.same(asked, [`10.0.0.1 ${NAME} A`, `10.0.0.1 ${NAME} AAAA`])
  t.match(questions, [
    { flag_cd: true, flag_rd: true },
    { flag_cd: true, flag_rd: true },
  ])
  t.not(questions[0]?.id, questions[1]?.id)
  t.same(found, [{ key: 'k', name: NAME, server: '10.0.0.1', addresses: both }])
  t.equal(open, 0)
})

t.test('one that fails is followed by the next, and all have to fail', async (t) => {
  const good = { '10.0.0.1': always('servfail'), '10.0.0.2': always(['192.0.2.1']) } as const
  t.match(lookUp(CONF, NAME, good).found, [{ server: '10.0.0.2', addresses: ['192.0.2.1'] }])
  const bad = { '10.0.0.1': always('servfail'), '10.0.0.2': always('servfail') } as const
  t.match(lookUp(CONF, NAME, bad), {
    names: [`10.0.0.1 ${NAME}`, `10.0.0.2 ${NAME}`],
    found: [{ server: '10.0.0.2', addresses: undefined }],
  })
})

t.test('a name that does not exist is not asked of others', async (t) => {
  const { names, found } = lookUp(CONF, NAME, { '10.0.0.1': always('nxdomain') })
  t.same(names, [`10.0.0.1 ${NAME}`])
  t.match(found, [{ addresses: undefined }])
})

t.test('three name servers at most, in their order', async (t) => {
  const conf = [4, 3, 2, 1].map((last) => `nameserver 10.0.0.${last}\n`).join('')
  const { names } = lookUp(conf, NAME, {})
  t.same(names, [`10.0.0.4 ${NAME}`, `10.0.0.3 ${NAME}`, `10.0.0.2 ${NAME}`])
})

t.test('the search list serves short names alone', async (t) => {
  const conf = `${CONF}search a.test b.test\n`
  const nothing = { '10.0.0.1': always('nxdomain') } as const
  t.same(lookUp(conf, NAME, nothing).names, [`10.0.0.1 ${NAME}`], 'nothing leaks')
  t.same(lookUp(conf, 'ntp', nothing).names, [
    '10.0.0.1 ntp.a.test',
    '10.0.0.1 ntp.b.test',
    '10.0.0.1 ntp',
  ])
  t.same(lookUp(conf, 'ntp.', nothing).names, ['10.0.0.1 ntp'], 'a dot at the end ends it')
  const two = lookUp(conf, 'ntp', {
    '10.0.0.1': (name) => (name === 'ntp.b.test' ? ['192.0.2.1'] : []),
  })
  t.match(two.found, [{ name: 'ntp.b.test', addresses: ['192.0.2.1'] }])
  const many = `${CONF}search ${Array.from({ length: 40 }, (_, i) => `d${i}.test`).join(' ')}\n`
  const walked = lookUp(many, 'ntp', nothing).names
  t.equal(walked.length, 7)
  t.equal(walked.at(-1), '10.0.0.1 ntp', 'the name itself in any case')
})

t.test('a domain that cannot be asked for is passed over', async (t) => {
  const conf = `${CONF}search ${'x'.repeat(64)}.test a..test #no good.test\n`
  const { names } = lookUp(conf, 'ntp', { '10.0.0.1': always('nxdomain') })
  t.same(names, ['10.0.0.1 ntp.good.test', '10.0.0.1 ntp'])
})

t.test('silence costs 2 s for each name server, however long the search list', async (t) => {
  const conf = `${CONF}nameserver 10.0.0.3\nsearch a.test b.test c.test\n`
  const dead = lookUp(conf, 'ntp', {})
  t.equal(dead.names.length, 3)
  t.equal(dead.seconds, 6)
  t.match(dead, { found: [{ addresses: undefined }], open: 0 })
  const closed = lookUp(conf, 'ntp', {
    '10.0.0.1': always('refuses'),
    '10.0.0.2': always(['192.0.2.1']),
  })
  t.match(closed, { seconds: 0, found: [{ server: '10.0.0.2', name: 'ntp.a.test' }] })
})

t.test('answers to something else end in the next name server, not in nothing', async (t) => {
  const strays = { '10.0.0.1': always('stray'), '10.0.0.2': always(['192.0.2.1']) } as const
  const { found, seconds, open } = lookUp(CONF, NAME, strays)
  t.match(found, [{ server: '10.0.0.2', addresses: ['192.0.2.1'] }])
  t.same([seconds, open], [2, 0])
  t.match(lookUp('nameserver 10.0.0.1\n', NAME, strays).found, [{ addresses: undefined }])
})

t.test('nobody to ask, and events of nobody', async (t) => {
  t.equal(lookUp('', NAME, {}).begun, undefined)
  const none = new Unvalidated(() => undefined, new SeededRandom('1'))
  t.equal(none.begin('k', NAME, at(0)), undefined)
  t.same(none.handle({ on: 'timer', key: 'l9' }, at(0)), { actions: [], found: [] })
})
