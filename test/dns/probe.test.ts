import { decode, encode, type Packet } from 'dns-packet'
import t from 'tap'
import type { DnsConfig } from '../../agent/config/types.ts'
import type { Action, Event, Now } from '../../agent/core/machine.ts'
import { mono, utc } from '../../agent/core/units.ts'
import { DnsProbe } from '../../agent/dns/probe.ts'
import { simpleSetup } from '../../agent/dns/setup.ts'
import { frame } from '../../agent/dns/stream.ts'
import type { RandomPort } from '../../agent/ports/random.ts'

const at = (seconds: number): Now => ({
  mono: mono(BigInt(Math.round(seconds * 1e9))),
  utc: utc(1_700_000_000_000_000_000n + BigInt(Math.round(seconds * 1e9))),
})

const random = (uniform = 0): RandomPort => ({
  bytes: (length) => new Uint8Array(length).fill(7),
  uniform: () => uniform,
})

const CONFIG: DnsConfig = {
  enabled: true,
  resolvConf: '/etc/resolv.conf',
  targets: [],
  names: ['.'],
  maxRate: 1,
  timeout: 5,
}

type Reply = (asked: Packet, transport: string, address: string) => Uint8Array | undefined

const GOOD: Reply = ({ id, questions }) =>
  encode({
    type: 'response',
    flags: 0x0080,
    id: id ?? 0,
    questions: questions ?? [],
    answers: [{ type: 'NS', name: '.', ttl: 1, data: 'a.root' }],
  })

const TRUNCATED: Reply = ({ id, questions }, transport) =>
  transport === 'tcp'
    ? GOOD({ id: id ?? 0, questions: questions ?? [] }, transport, '')
    : encode({ type: 'response', id: id ?? 0, flags: 0x0200, questions: questions ?? [] })

const CLOCK = { synchronized: true, now: 1_795_000_000, bound: 1e-3 }

/** A world of one probe: timers in virtual time, a server that answers after 2 ms or never. */
class Bench {
  readonly probe: DnsProbe
  readonly opened: { readonly seconds: number; readonly what: string; readonly channel: string }[] =
    []
  readonly notes: string[] = []
  readonly #timers = new Map<string, bigint>()
  readonly #channels = new Map<string, { readonly transport: string; readonly address: string }>()
  readonly #pending: (() => void)[] = []
  reply: Reply = GOOD
  now = 0

  constructor(resolvConf: string, config: Partial<DnsConfig> = {}, uniform = 0) {
    this.probe = new DnsProbe({
      config: { ...CONFIG, ...config },
      setup: simpleSetup({ ...CONFIG, ...config }, resolvConf),
      random: random(uniform),
    })
  }

  give(event: Event): readonly Action[] {
    const actions = this.probe.handle(event, at(this.now))
    for (const action of actions) this.#perform(action)
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) next()
    return actions
  }

  /** Runs timers until `seconds`. */
  run(seconds: number): void {
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => (a[1] < b[1] ? -1 : 1))
      if (next === undefined || Number(next[1]) / 1e9 > seconds) break
      this.#timers.delete(next[0])
      this.now = Number(next[1]) / 1e9
      this.give({ on: 'timer', key: next[0] })
    }
    this.now = seconds
  }

  get channels(): number {
    return this.#channels.size
  }

  get timers(): number {
    return this.#timers.size
  }

  view() {
    return this.probe.view(at(this.now), CLOCK)
  }

  #perform(action: Action): void {
    if (action.do === 'timer') this.#timers.set(action.key, action.at)
    if (action.do === 'cancel') this.#timers.delete(action.key)
    if (action.do === 'close') this.#channels.delete(action.channel)
    if (action.do === 'note')
      this.notes.push(`${action.subject ?? 'dns'} ${action.code} ${action.detail}`)
    if (action.do === 'open') {
      const { channel, transport, address } = action
      this.opened.push({ seconds: this.now, what: `${transport} ${address}`, channel })
      this.#channels.set(channel, { transport, address })
      this.#pending.push(() => this.give({ on: 'opened', channel, stamps: 'daemon' }))
    }
    if (action.do === 'send') this.#answer(action.channel, action.data)
  }

  #answer(channel: string, data: Uint8Array): void {
    const { transport = '', address = '' } = this.#channels.get(channel) ?? {}
    const message = transport === 'tcp' ? data.subarray(2) : data
    const reply = this.reply(decode(Buffer.from(message)), transport, address)
    if (reply === undefined) return
    const bytes = transport === 'tcp' ? frame(reply) : reply
    this.#pending.push(() => {
      const before = this.now
      this.now += 0.002
      const stamp = { at: at(this.now).utc, kind: 'daemon' as const }
      this.give({ on: 'received', channel, data: new Uint8Array(bytes), stamp })
      this.now = before
    })
  }
}

const TWO = 'nameserver 10.0.0.1\nnameserver 10.0.0.2\n'

t.test(
  'every nameserver is asked over UDP and TCP, in turns, and stays below the rate',
  async (t) => {
    const bench = new Bench(TWO)
    bench.give({ on: 'start' })
    bench.run(7.5)
    t.same(
      bench.opened.slice(0, 5).map(({ what }) => what),
      ['udp 10.0.0.1', 'udp 10.0.0.2', 'tcp 10.0.0.1', 'tcp 10.0.0.2', 'udp 10.0.0.1'],
    )
    t.same(
      bench.opened.map(({ seconds }) => seconds),
      [0, 1, 2, 3, 4, 5, 6, 7],
    )
    t.equal(bench.channels, 0, 'every channel was closed')
    t.equal(bench.timers, 1, 'only the schedule waits')
    t.equal(new Set(bench.opened.map(({ channel }) => channel)).size, 8, 'a fresh channel each')
    t.match(bench.view(), {
      enabled: true,
      nameservers: ['10.0.0.1', '10.0.0.2'],
      search: [],
      ndots: 1,
      targets: [
        {
          target: '10.0.0.1',
          transport: 'udp',
          origin: 'host',
          results: { noerror: 2, timeout: 0 },
          lastResult: 'noerror',
          lastName: '.',
          lastSeconds: 0.002,
          failures: 0,
        },
        { target: '10.0.0.1', transport: 'tcp', results: { noerror: 1 } },
        { target: '10.0.0.2', transport: 'udp', results: { noerror: 2 } },
        { target: '10.0.0.2', transport: 'tcp', results: { noerror: 1 } },
      ],
    })
  },
)

t.test('jitter delays, and never exceeds the rate', async (t) => {
  const bench = new Bench(TWO, { maxRate: 4 }, 0.8)
  bench.give({ on: 'start' })
  bench.run(3)
  const seconds = bench.opened.map((each) => each.seconds)
  t.equal(seconds[0], 0.2, 'the first after a random part of a gap')
  for (const [index, second] of seconds.slice(1).entries()) {
    const gap = second - (seconds[index] ?? 0)
    t.ok(Math.abs(gap - 0.3) < 1e-6, `gap ${gap}`)
  }
})

t.test(
  'a target that fails three times in a row is told once, and its recovery once',
  async (t) => {
    const bench = new Bench('nameserver 10.0.0.1\n', { timeout: 0.5 })
    bench.reply = (asked, transport, address) =>
      transport === 'udp' ? undefined : GOOD(asked, transport, address)
    bench.give({ on: 'start' })
    bench.run(11)
    t.same(bench.notes, ['dns:10.0.0.1 dns-failing udp . NS: timeout, 3 failures in a row'])
    t.match(bench.view().targets, [{ transport: 'udp', failures: 4 }, { failures: 0 }])
    bench.reply = GOOD
    bench.run(30)
    t.same(bench.notes.slice(1), ['dns:10.0.0.1 dns-ok udp . NS: noerror after 4 failures'])
  },
)

t.test('a server that is silent is asked without EDNS', async (t) => {
  const bench = new Bench('nameserver 10.0.0.1\n', { timeout: 0.5 })
  bench.reply = (asked, transport, address) =>
    transport === 'udp' && (asked.additionals ?? []).length > 0
      ? undefined
      : GOOD(asked, transport, address)
  bench.give({ on: 'start' })
  bench.run(60)
  const found = bench.view().report?.diagnoses.map(({ code }) => code)
  t.same(found, ['edns-refused'])
})

t.test('what was lost is as old as its question', async (t) => {
  const bench = new Bench('nameserver 10.0.0.1\n', { timeout: 10, maxRate: 5 })
  // UDP is silent for the first second alone
  bench.reply = (asked, transport, address) =>
    transport === 'udp' && bench.now < 1 ? undefined : GOOD(asked, transport, address)
  bench.give({ on: 'start' })
  bench.run(12)
  t.same(bench.view().report?.diagnoses, [])
})

t.test('a truncated answer is asked again over TCP, in its turn and once', async (t) => {
  const bench = new Bench('', {
    targets: [
      { server: '10.0.0.1', port: 5353, names: ['.'], transports: ['udp'] },
      { server: '10.0.0.2', port: 53, names: ['.'], transports: ['udp'] },
    ],
  })
  bench.reply = TRUNCATED
  bench.give({ on: 'start' })
  bench.run(3.5)
  t.same(
    bench.opened.map(({ what, seconds }) => `${seconds} ${what}`),
    ['0 udp 10.0.0.1', '1 tcp 10.0.0.1', '2 udp 10.0.0.2', '3 tcp 10.0.0.2'],
  )
  t.match(bench.view().targets, [
    { target: '10.0.0.1:5353', transport: 'udp', results: { truncated: 1 }, failures: 0 },
    { target: '10.0.0.2', transport: 'udp', results: { truncated: 1 } },
    { target: '10.0.0.1:5353', transport: 'tcp', results: { noerror: 1 } },
    { target: '10.0.0.2', transport: 'tcp', results: { noerror: 1 } },
  ])
})

t.test('a refused connection is named', async (t) => {
  const probe = new DnsProbe({ config: CONFIG, setup: simpleSetup(CONFIG, TWO), random: random() })
  probe.handle({ on: 'timer', key: 'next' }, at(0))
  const fault = { code: 'REFUSED', syscall: 'recvmsg', errno: 'ECONNREFUSED' } as const
  probe.handle({ on: 'failed', what: 'send', key: 'q0', fault }, at(1))
  t.match(probe.view(at(3), CLOCK).targets, [{ results: { conn_refused: 1 }, lastAgeSeconds: 2 }])
})

t.test('lines of resolv.conf that are not understood are told at the start', async (t) => {
  const bench = new Bench('nameserver 10.0.0.1\nnameserver here\nsearch a b\noptions ndots:5\n')
  bench.give({ on: 'start' })
  t.same(bench.notes, ['dns resolv-conf /etc/resolv.conf: line 2: bad-address: here'])
  t.match(bench.view(), { search: ['a', 'b'], ndots: 5 })
})

t.test('a probe that is off, or has nobody to ask, does nothing', async (t) => {
  const off = new Bench(`${TWO}nonsense`, { enabled: false })
  t.same(off.give({ on: 'start' }), [])
  t.match(off.view(), { enabled: false, targets: [] })
  const nobody = new Bench('')
  t.same(nobody.give({ on: 'start' }), [])
  t.equal(nobody.channels, 0)
})

t.test('at the end every channel is closed and every timer cancelled', async (t) => {
  const bench = new Bench(TWO)
  bench.reply = () => undefined
  bench.give({ on: 'start' })
  bench.run(2.5)
  t.equal(bench.channels, 3)
  bench.give({ on: 'stop' })
  t.equal(bench.channels, 0)
  t.equal(bench.timers, 0)
})

t.test('events that belong to nobody change nothing', async (t) => {
  const probe = new DnsProbe({ config: CONFIG, setup: simpleSetup(CONFIG, TWO), random: random() })
  t.same(probe.handle({ on: 'timer', key: 'q9' }, at(0)), [])
  t.same(probe.handle({ on: 'closed', channel: 'q9' }, at(0)), [])
  t.same(probe.handle({ on: 'resolved', key: 'x', addresses: [] }, at(0)), [])
})

const codesOf = (bench: Bench) =>
  bench.view().report?.diagnoses.map(({ code, subject }) => `${code} ${subject}`)

t.test('what it sees is what the diagnosis tells', async (t) => {
  const bench = new Bench(TWO)
  t.same(codesOf(bench), [], 'nothing was asked yet')
  bench.give({ on: 'start' })
  bench.run(60)
  t.same(codesOf(bench), [], 'all is well')
  bench.reply = (query, transport, address) =>
    address === '10.0.0.1' ? undefined : GOOD(query, transport, address)
  bench.run(180)
  t.same(codesOf(bench), ['first-nameserver-dead /etc/resolv.conf'])
  t.match(bench.view().report?.matrix, [
    { target: '10.0.0.1', cells: { udp: { mark: 'silent' } } },
    { target: '10.0.0.2', cells: { udp: { mark: 'ok' } } },
  ])
  bench.reply = (query, transport, address) =>
    transport === 'udp' ? undefined : GOOD(query, transport, address)
  bench.run(400)
  t.match(codesOf(bench)?.sort(), [/^udp-blocked 10.0.0.1/, /^udp-blocked 10.0.0.2/])
  bench.reply = GOOD
  bench.run(600)
  t.same(codesOf(bench), [], 'and over')
  t.equal(bench.view().report, bench.view().report, 'made anew only when something was seen')
})
