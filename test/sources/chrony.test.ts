import t from 'tap'
import type { Action, Event } from '../../agent/core/machine.ts'
import type { Sample } from '../../agent/core/sample.ts'
import { mono, nanos, ppb, utc } from '../../agent/core/units.ts'
import { ChronySource } from '../../agent/sources/chrony.ts'
import { type ChronyReply, encodeChronyReply } from '../../agent/sources/chrony-packet.ts'
import { COMMANDS, type Tracking } from '../../agent/sources/chrony-replies.ts'

const NOW = { mono: mono(5_000_000_000n), utc: utc(1_800_000_000_000_000_000n) }
const CONFIG = { type: 'chrony', address: '127.0.0.1', port: 323, poll: 8 } as const
const REFUSED = { code: 'REFUSED', syscall: 'send', errno: 'ECONNREFUSED' } as const

const tracking = (fields: Partial<Tracking> = {}): Tracking => ({
  referenceId: 0xc0000201,
  address: { family: 1, bytes: Uint8Array.from([192, 0, 2, 1, ...new Array(12).fill(0)]) },
  stratum: 3,
  leap: 0,
  referenceTime: NOW.utc,
  currentCorrection: 2 ** -10,
  lastOffset: 0,
  rmsOffset: 0,
  frequency: -12.5,
  residualFrequency: 0,
  skew: 0.25,
  rootDelay: 2 ** -6,
  rootDispersion: 2 ** -7,
  lastUpdateInterval: 64,
  ...fields,
})
const reply = (fields: Partial<Tracking> = {}, rest: Partial<ChronyReply> = {}): Uint8Array =>
  encodeChronyReply({
    command: COMMANDS.tracking,
    sequence: 1,
    status: 0,
    data: { is: 'tracking', type: 5, fields: tracking(fields) },
    ...rest,
  })

class Rig {
  readonly source = new ChronySource({ config: CONFIG })
  readonly samples: Sample[] = []
  readonly notes: string[] = []
  last: readonly Action[] = []
  channel = ''

  feed(event: Event): readonly Action[] {
    this.last = this.source.handle(event, NOW)
    for (const action of this.last) {
      if (action.do === 'sample') this.samples.push(action.sample)
      if (action.do === 'note') this.notes.push(action.code)
      if (action.do === 'open') this.channel = action.channel
    }
    return this.last
  }

  ask(on: Event = { on: 'timer', key: 'poll' }): void {
    this.feed(on)
    this.feed({ on: 'opened', channel: this.channel, stamps: 'daemon' })
  }

  receive(data: Uint8Array): void {
    const stamp = { at: utc(NOW.utc - 1_000n), kind: 'daemon' } as const
    this.feed({ on: 'received', channel: this.channel, data, stamp })
  }

  get view() {
    return this.source.view(NOW)
  }
}

function started(): Rig {
  const rig = new Rig()
  rig.ask({ on: 'start' })
  return rig
}

t.test('tracking is asked for on the command port', async (t) => {
  const rig = new Rig()
  t.match(rig.feed({ on: 'start' }), [
    { do: 'open', transport: 'udp', address: '127.0.0.1', port: 323, stamps: false },
    { do: 'timer', key: 'timeout', at: 6_000_000_000n },
  ])
  t.match(rig.feed({ on: 'opened', channel: rig.channel, stamps: 'daemon' }), [{ do: 'send' }])
  const [action] = rig.last
  t.equal(action?.do === 'send' && action.data.length, 416)
})

t.test('a clock that chronyd calls slow is behind: its offset is negative', async (t) => {
  const rig = started()
  rig.receive(reply({ currentCorrection: 2 ** -10 }))
  t.match(rig.samples, [
    {
      source: 'chrony:127.0.0.1:323',
      clock: 'system',
      offset: -976_562.5,
      delay: 0,
      rootDelay: 15_625_000,
      rootDispersion: 7_812_500,
      stratum: 3,
      leap: 'none',
      reference: '192.0.2.1',
      at: NOW.mono - 1_000n,
    },
  ])
  t.equal(rig.last.at(-1)?.do, 'sample')
  rig.feed({ on: 'timer', key: 'poll' })
  rig.feed({ on: 'opened', channel: rig.channel, stamps: 'daemon' })
  rig.receive(reply({ currentCorrection: -(2 ** -10) }, { sequence: 2 }))
  t.equal(rig.samples[1]?.offset, 976_562.5, 'and one that it calls fast is ahead')
})

t.test('the view has what chronyd says of the frequency', async (t) => {
  const rig = started()
  t.match(rig.view, { trouble: 'no answer yet', reach: 0, rootDistance: undefined })
  t.match(rig.view.detail, { kind: 'chrony', frequency: undefined, skew: undefined, leap: '' })
  rig.receive(reply({ leap: 1 }))
  t.match(rig.view, { trouble: '', reach: 1, stratum: 3, offset: -976_562.5, pollSeconds: 8 })
  t.match(rig.view.detail, { frequency: -12_500, skew: 250, leap: 'insert' })
  t.equal(rig.view.rootDistance, 15_625_000 / 2 + 7_812_500 + 1_000)
  t.same(rig.notes, ['reachable'])
})

t.test('the next question comes a poll after the last', async (t) => {
  const rig = started()
  rig.receive(reply())
  t.match(
    rig.last.filter(({ do: what }) => what !== 'note' && what !== 'sample'),
    [
      { do: 'close' },
      { do: 'cancel', key: 'timeout' },
      { do: 'timer', key: 'poll', at: NOW.mono + 8_000_000_000n },
    ],
  )
})

t.test('a reference clock is named by its reference id', async (t) => {
  const rig = started()
  rig.receive(reply({ address: { family: 0, bytes: new Uint8Array(16) }, referenceId: 0x50505300 }))
  t.equal(rig.samples[0]?.reference, 'PPS')
})

t.test('a chronyd that is not synchronised gives no sample', async (t) => {
  const cases: readonly [Partial<Tracking>, RegExp][] = [
    [{ leap: 3 }, /not synchronised/],
    [{ stratum: 0 }, /not synchronised/],
    [{ referenceId: 0x7f7f0101 }, /local mode/],
  ]
  for (const [fields, trouble] of cases) {
    const rig = started()
    rig.receive(reply(fields))
    t.same(rig.samples, [])
    t.same(rig.notes, ['reachable', 'unsynchronised'])
    t.match(rig.view, { trouble, reach: 1 })
  }
})

t.test('a port where nobody listens is told once and tried again', async (t) => {
  const rig = started()
  for (let round = 0; round < 3; round += 1) {
    rig.feed({ on: 'failed', what: 'send', key: rig.channel, fault: REFUSED })
    rig.ask()
  }
  t.same(rig.notes, ['send-failed', 'unreachable', 'send-failed', 'send-failed'])
  t.match(rig.view.trouble, /^unreachable: .*ECONNREFUSED/)
  t.equal(rig.view.reach, 0)
})

t.test('silence is a timeout', async (t) => {
  const rig = started()
  rig.receive(reply())
  rig.ask()
  rig.feed({ on: 'timer', key: 'timeout' })
  t.same(rig.notes, ['reachable', 'timeout', 'unreachable'])
  t.equal(rig.view.reach, 0b10)
  t.match(rig.last, [{ do: 'close' }, { do: 'cancel' }, { do: 'timer', key: 'poll' }, {}, {}])
})

t.test('an answer to another question is not taken', async (t) => {
  const rig = started()
  rig.receive(reply({}, { sequence: 7 }))
  rig.receive(reply({}, { command: COMMANDS.activity }))
  rig.receive(new Uint8Array(5))
  t.same(rig.notes, ['wrong-id', 'wrong-id', 'malformed'])
  rig.receive(reply())
  t.equal(rig.samples.length, 1)
})

t.test('a refusal of chronyd is named', async (t) => {
  const rig = started()
  rig.receive(reply({}, { status: 2, data: { is: 'null', type: 1 } }))
  t.same(rig.notes, ['command-refused', 'unreachable'])
  t.equal(rig.view.trouble, 'unreachable: not authorised')
  const newer = started()
  newer.receive(reply({}, { data: { is: 'unsupported', type: 77 } }))
  t.equal(newer.view.trouble, 'unreachable: reply type 77')
})

t.test('events of other channels and times are ignored', async (t) => {
  const rig = started()
  const stamp = { at: NOW.utc, kind: 'daemon' } as const
  t.same(rig.feed({ on: 'received', channel: 'x', data: reply(), stamp }), [])
  t.same(rig.feed({ on: 'opened', channel: 'x', stamps: 'daemon' }), [])
  t.same(rig.feed({ on: 'failed', what: 'open', key: 'x', fault: REFUSED }), [])
  t.same(rig.feed({ on: 'timer', key: 'poll' }), [], 'one question at a time')
  t.same(rig.feed({ on: 'closed', channel: rig.channel }), [])
  rig.receive(reply())
  t.same(rig.feed({ on: 'timer', key: 'timeout' }), [])
})

t.test('what is shown moves with a step of the clock', async (t) => {
  const rig = started()
  rig.receive(reply())
  const change = {
    clock: 'system',
    at: NOW.mono,
    step: 500n,
    frequency: ppb(0),
    uncertainty: nanos(0),
    foreign: true,
  } as const
  rig.feed({ on: 'change', change })
  t.equal(rig.view.offset, -976_062.5)
})

t.test('stop closes what is open', async (t) => {
  const rig = started()
  t.match(rig.feed({ on: 'stop' }), [{ do: 'close' }, { do: 'cancel' }, { do: 'cancel' }])
  t.same(rig.feed({ on: 'start' }), [])
  const idle = started()
  idle.receive(reply())
  t.match(idle.feed({ on: 'stop' }), [{ do: 'cancel' }, { do: 'cancel' }])
})
