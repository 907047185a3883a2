import t from 'tap'
import type { PortFaultCode } from '../../agent/core/errors.ts'
import type { Action, Event, Now, Upstream } from '../../agent/core/machine.ts'
import type { ClockName, Sample } from '../../agent/core/sample.ts'
import { mono, nanos, ppb, utc } from '../../agent/core/units.ts'
import {
  decodeManagement,
  encodeManagement,
  type ManagementBody,
  type ManagementMessage,
} from '../../agent/sources/management.ts'
import {
  DATA_SETS,
  type DataSet,
  type DataSetName,
  dataSetOf,
} from '../../agent/sources/management-data.ts'
import type { PortIdentity } from '../../agent/sources/management-parts.ts'
import { Ptp4lSource } from '../../agent/sources/ptp4l.ts'

const CLOCK = 'c61ef4.fffe.3c3e73'
const GM = '663ba0.fffe.545389'
const SECOND = 1_000_000_000n
const UTC = 1_795_000_000n * SECOND

interface Port {
  state: string
  stamping: string
  interface: string
  phc: number
}

/** A ptp4l with a clock of its own, which answers in the bytes of the real one. */
class Peer {
  version: '3.1.1' | '4.2' = '4.2'
  readOnly = false
  domain = 24
  mute = false
  ports: Port[] = [{ state: 'SLAVE', stamping: 'hardware', interface: 'eth0', phc: 2 }]
  offset = -170
  ingress = UTC + 37n * SECOND
  gmPresent = true
  gm = GM
  accuracy = 0x21
  flags = { currentUtcOffsetValid: true, ptpTimescale: true, timeTraceable: true, leap61: false }
  utcOffset = 37
  stepsRemoved = 1
  meanPathDelay = 2328
  logSyncInterval = 0
  delayMechanism = 'E2E'
  pushSequence = 0
  counters = Array.from({ length: 16 }, () => 0)
  subscriber: PortIdentity | undefined
  readonly asked: string[] = []

  set(name: DataSetName, port: number): DataSet | undefined {
    const {
      state = '',
      stamping = '',
      interface: label = '',
      phc = -1,
    } = this.ports[port - 1] ?? {}
    const portIdentity = { clock: CLOCK, port }
    const quality = { clockClass: 6, clockAccuracy: this.accuracy, offsetScaledLogVariance: 0xffff }
    const values: Partial<Record<DataSetName, unknown>> = {
      DEFAULT_DATA_SET: {
        flags: { twoStep: true, slaveOnly: false },
        numberPorts: this.ports.length,
        priority1: 128,
        clockQuality: quality,
        priority2: 128,
        clockIdentity: CLOCK,
        domainNumber: this.domain,
      },
      CURRENT_DATA_SET: {
        stepsRemoved: this.stepsRemoved,
        offsetFromMaster: this.offset,
        meanPathDelay: this.meanPathDelay,
      },
      PARENT_DATA_SET: {
        parentPortIdentity: { clock: this.gm, port: 1 },
        parentStats: 0,
        observedParentOffsetScaledLogVariance: 0,
        observedParentClockPhaseChangeRate: 0,
        grandmasterPriority1: 128,
        grandmasterClockQuality: quality,
        grandmasterPriority2: 128,
        grandmasterIdentity: this.gm,
      },
      TIME_PROPERTIES_DATA_SET: {
        currentUtcOffset: this.utcOffset,
        flags: this.flags,
        timeSource: 'GNSS',
      },
      PORT_DATA_SET: {
        portIdentity,
        portState: state,
        logMinDelayReqInterval: 0,
        peerMeanPathDelay: 0,
        logAnnounceInterval: 1,
        announceReceiptTimeout: 3,
        logSyncInterval: this.logSyncInterval,
        delayMechanism: this.delayMechanism,
        logMinPdelayReqInterval: 0,
        versionNumber: 2,
      },
      PORT_PROPERTIES_NP: {
        portIdentity,
        portState: state,
        timestamping: stamping,
        interface: label,
      },
      PORT_HWCLOCK_NP: { portIdentity, phcIndex: phc, flags: { virtual: false } },
      TIME_STATUS_NP: {
        masterOffset: this.offset,
        ingressTime: this.ingress,
        cumulativeRateOffset: 0,
        lastGmFrequencyChange: 0,
        gmTimeBaseIndicator: 0,
        lastGmPhaseChange: 0,
        gmPresent: this.gmPresent,
        gmIdentity: this.gm,
      },
      PORT_STATS_NP: { portIdentity, received: this.counters, sent: this.counters },
      ...(this.version === '4.2' ? { USER_DESCRIPTION: { userDescription: 'rack 7' } } : {}),
    }
    const value = values[name]
    return value === undefined ? undefined : ({ name, value } as DataSet)
  }

  #refusal(name: DataSetName | undefined): number | undefined {
    if (name === undefined || (name !== 'SUBSCRIBE_EVENTS_NP' && !this.set(name, 1))) return 2
    if (this.version === '3.1.1' && name === 'PORT_HWCLOCK_NP') return 2
    const privileged = ['PORT_HWCLOCK_NP', 'PORT_PROPERTIES_NP', 'SUBSCRIBE_EVENTS_NP']
    return this.readOnly && privileged.includes(name) ? 6 : undefined
  }

  answers(request: Uint8Array): Uint8Array[] {
    const result = decodeManagement(request)
    if (!result.ok) throw new Error(result.fault)
    const message = result.value
    const { id } = message.body
    const name = dataSetOf(id)
    this.asked.push(name ?? `${id}`)
    if (this.mute || message.domain !== this.domain) return []
    const answer = (body: ManagementBody, port = 0): Uint8Array =>
      this.wrap({ ...message, target: message.source, body }, port)
    const errorId = this.#refusal(name)
    if (errorId !== undefined) return [answer({ kind: 'error', id, errorId, text: '' })]
    if (message.body.kind === 'data' && message.body.set.name === 'SUBSCRIBE_EVENTS_NP') {
      this.subscriber = message.body.set.value.events.length > 0 ? message.source : undefined
      return [answer(message.body)]
    }
    const perPort = name !== undefined && DATA_SETS[name].level === 'port'
    const numbers = perPort ? this.ports.map((_, i) => i + 1) : [0]
    return numbers.flatMap((port) => {
      const set = name && this.set(name, port)
      return set === undefined ? [] : [answer({ kind: 'data', id, set }, port)]
    })
  }

  wrap(message: Omit<ManagementMessage, 'source' | 'action'>, port: number): Uint8Array {
    return encodeManagement({ ...message, action: 'RESPONSE', source: { clock: CLOCK, port } })
  }

  push(name: DataSetName, port = 0): Uint8Array {
    const set = this.set(name, port)
    if (set === undefined || this.subscriber === undefined) throw new Error('nobody subscribed')
    return this.wrap(
      {
        domain: this.domain,
        target: this.subscriber,
        sequenceId: this.pushSequence++,
        startingBoundaryHops: 1,
        boundaryHops: 1,
        body: { kind: 'data', id: DATA_SETS[name].id, set },
      },
      port,
    )
  }
}

type Note = { code: string; detail: string }

/** Source and peer on one line, in virtual time: timers run, requests are answered at once. */
class Line {
  readonly peer = new Peer()
  readonly source: Ptp4lSource
  readonly timers = new Map<string, bigint>()
  readonly actions: Action[] = []
  mono = 1000n * SECOND
  absent: PortFaultCode | undefined
  sendFault: PortFaultCode | undefined
  identify: (key: string) => Event | undefined = () => undefined

  constructor(
    config: { domain?: number; poll?: number; freeRunning?: boolean } = {},
    name: (index: number | undefined, label: string) => ClockName | undefined = (index) =>
      index === undefined ? undefined : `phc:ptp${index}`,
  ) {
    let byte = 0
    this.source = new Ptp4lSource({
      config: {
        type: 'ptp4l',
        socket: '/run/ptp4l',
        domain: 24,
        poll: 1,
        freeRunning: false,
        ...config,
      },
      random: {
        bytes: (length) => Uint8Array.from({ length }, () => ++byte),
        uniform: () => 0.5,
      },
      phcName: name,
    })
  }

  get now(): Now {
    return { mono: mono(this.mono), utc: utc(UTC + this.mono - 1000n * SECOND) }
  }

  event(event: Event): void {
    for (const action of this.source.handle(event, this.now)) {
      this.actions.push(action)
      this.#perform(action)
    }
  }

  receive(data: Uint8Array): void {
    const stamp = { at: this.now.utc, kind: 'daemon' } as const
    this.event({ on: 'received', channel: 'ptp4l', data, stamp })
  }

  #perform(action: Action): void {
    if (action.do === 'timer') this.timers.set(action.key, action.at)
    if (action.do === 'cancel') this.timers.delete(action.key)
    if (action.do === 'open') {
      if (this.absent === undefined)
        this.event({ on: 'opened', channel: 'ptp4l', stamps: 'daemon' })
      else this.fail('open', 'ptp4l', this.absent)
    }
    if (action.do === 'send') this.#send(action.data)
    const event = action.do === 'identify' ? this.identify(action.key) : undefined
    if (event !== undefined) this.event(event)
  }

  #send(request: Uint8Array): void {
    const fault = this.sendFault ?? this.absent
    if (fault !== undefined) this.fail('send', 'ptp4l', fault)
    else for (const data of this.peer.answers(request)) this.receive(data)
  }

  fail(what: 'open' | 'send' | 'identify', key: string, code: PortFaultCode): void {
    this.event({ on: 'failed', what, key, fault: { code, syscall: 'sendmsg', errno: 'E' } })
  }

  /** Runs the timers of so many seconds; `each` before the timers of every tenth of a second. */
  run(seconds: number, each?: (tenth: number) => void): void {
    for (let tenth = 0; tenth < seconds * 10; tenth++) {
      this.mono += SECOND / 10n
      each?.(tenth)
      for (const [key, at] of [...this.timers]) {
        if (at > this.mono || this.timers.get(key) !== at) continue
        this.timers.delete(key)
        this.event({ on: 'timer', key })
      }
    }
  }

  /** The same with a Sync every second, pushed where there is a subscriber that gets such. */
  sync(seconds: number): void {
    this.run(seconds, (tenth) => {
      if (tenth % 10 !== 4) return
      this.peer.ingress += SECOND
      this.peer.offset += 10
      const { subscriber, version } = this.peer
      if (subscriber && version !== '3.1.1') this.receive(this.peer.push('TIME_STATUS_NP'))
    })
  }

  start(): this {
    this.event({ on: 'start' })
    return this
  }

  take(): Action[] {
    return this.actions.splice(0)
  }

  get samples(): Sample[] {
    return this.actions.flatMap((action) => (action.do === 'sample' ? [action.sample] : []))
  }

  get upstreams(): Upstream[] {
    return this.actions.flatMap((action) => (action.do === 'upstream' ? [action.upstream] : []))
  }

  notes(code?: string): Note[] {
    return this.actions.flatMap((action) =>
      action.do === 'note' && (code === undefined || action.code === code)
        ? [{ code: action.code, detail: action.detail }]
        : [],
    )
  }

  get view() {
    return this.source.view(this.now)
  }

  get detail() {
    const { detail } = this.view
    if (detail.kind !== 'ptp4l') throw new Error('not a ptp4l view')
    return detail
  }
}

t.test('at start everything is asked for once, then it subscribes', async (t) => {
  const line = new Line().start()
  t.match(line.actions[0], { do: 'open', transport: 'unix', address: '/run/ptp4l', port: 0 })
  t.same(line.peer.asked, [
    'DEFAULT_DATA_SET',
    'PORT_PROPERTIES_NP',
    'PORT_HWCLOCK_NP',
    'TIME_PROPERTIES_DATA_SET',
    'PARENT_DATA_SET',
    'PORT_DATA_SET',
    'CURRENT_DATA_SET',
    'SUBSCRIBE_EVENTS_NP',
    'TIME_STATUS_NP',
  ])
  t.same([line.view.id, line.view.kind, line.view.clock], ['ptp4l:/run/ptp4l', 'ptp4l', 'phc:ptp2'])
  t.same([...line.timers.keys()].sort(), ['poll', 'refresh', 'stale', 'subscribe', 'survey'])
  t.match(line.detail, { domain: 24, subscribed: true, grandmaster: GM, clockClass: 6 })
  t.match(line.detail.ports, [
    { number: 1, interface: 'eth0', state: 'SLAVE', stamping: 'hardware', phcIndex: 2 },
  ])
  t.equal(line.samples.length, 0, 'somebody may have changed the clock since the first offset')
  t.equal(line.view.trouble, '', 'but its Sync is young')
  t.match(line.upstreams.at(-1), { clock: 'phc:ptp2', synchronized: true })
})

t.test(
  'a Sync from before the start vouches for nothing where it is old or its age unknown',
  async (t) => {
    for (const age of [4n * SECOND, -SECOND, 1_000_000n * SECOND]) {
      const line = new Line()
      line.peer.ingress = BigInt(line.now.utc) + 37n * SECOND - age
      line.start()
      t.equal(line.view.trouble, 'no Sync yet', `${age} ns old`)
      line.sync(1)
      t.equal(line.view.trouble, '')
    }
    const free = new Line({ freeRunning: true }).start()
    t.equal(free.upstreams.at(-1)?.synchronized ?? false, false, 'nobody steers that clock')
  },
)

t.test('a young Sync from before the start vouches no longer than any other', async (t) => {
  const line = new Line()
  line.peer.ingress = BigInt(line.now.utc) + 37n * SECOND - 2n * SECOND
  line.start()
  t.equal(line.view.trouble, '')
  line.run(2)
  t.equal(line.view.trouble, 'no Sync for 4 s')
  t.equal(line.upstreams.at(-1)?.synchronized, false)
})

t.test('every pushed Sync is a sample of the PHC of the receiving port', async (t) => {
  const line = new Line().start()
  line.sync(3)
  t.equal(line.samples.length, 3)
  t.match(line.samples[0], {
    source: 'ptp4l:/run/ptp4l',
    clock: 'phc:ptp2',
    offset: -160,
    delay: 2 * 2328,
    dispersion: 10,
    rootDelay: 0,
    rootDispersion: 100,
    stratum: 0,
    leap: 'none',
    reference: GM,
    stamps: 'hardware',
  })
  t.equal(line.view.trouble, '')
  t.equal(line.view.offset, -140)
  t.equal(line.view.reach & 0b11, 0b11)
  t.equal(line.view.pollSeconds, 1)
  const polled = line.peer.asked.filter((name) => name === 'TIME_STATUS_NP').length
  t.ok(polled <= 2, 'what is pushed is not asked for')
  t.equal(line.notes('reachable').length, 1)
})

t.test('a sample is dated by its ingress time where that is plausible', async (t) => {
  const line = new Line().start()
  line.peer.ingress = BigInt(line.now.utc) + 37n * SECOND - 300_000_000n
  line.receive(line.peer.push('TIME_STATUS_NP'))
  t.equal(line.samples[0]?.at, mono(line.mono - 300_000_000n))
  line.peer.ingress += 1000n * SECOND
  line.receive(line.peer.push('TIME_STATUS_NP'))
  t.equal(line.samples[1]?.at, mono(line.mono), 'a PHC that is far off dates nothing')
})

t.test('each Sync tells the readers of the PHC what it is worth', async (t) => {
  const line = new Line().start()
  line.sync(1)
  t.match(line.upstreams.at(-1), {
    clock: 'phc:ptp2',
    synchronized: true,
    reason: '',
    utcOffset: 37,
    utcOffsetValid: true,
    timeTraceable: true,
    leap: 'none',
    offset: -160,
    rootDispersion: 110,
    rootDelay: 2 * 2328,
    reference: GM,
  })
  t.same(line.detail.upstream, line.upstreams.at(-1))
})

t.test('version 3.1.1 pushes no Sync: it is asked every poll interval', async (t) => {
  const line = new Line({ poll: 2 })
  line.peer.version = '3.1.1'
  line.identify = (key) => ({ on: 'identified', key, phcIndex: 5 })
  line.start()
  t.match(
    line.actions.filter((action) => action.do === 'identify'),
    [{ key: 'port:1', interface: 'eth0' }],
  )
  line.sync(10)
  // the first one was looked for more often
  t.equal(line.samples.length, 6)
  t.equal(line.samples[0]?.clock, 'phc:ptp5')
  t.equal(line.view.pollSeconds, 2)
  t.match(line.notes('management-error'), [{ detail: 'PORT_HWCLOCK_NP: NO_SUCH_ID' }])
})

t.test(
  'one that runs free has no PHC of its own and tells -1: its interfaces are asked',
  async (t) => {
    const line = new Line({ freeRunning: true })
    line.peer.ports = [
      { state: 'MASTER', stamping: 'hardware', interface: 'eth0', phc: -1 },
      { state: 'UNCALIBRATED', stamping: 'hardware', interface: 'eth1', phc: -1 },
    ]
    line.identify = (key) => ({ on: 'identified', key, phcIndex: key === 'port:1' ? 4 : 5 })
    line.start()
    line.sync(40)
    t.equal(line.samples[0]?.clock, 'phc:ptp5')
    t.match(
      line.detail.ports,
      [{ phcIndex: 4 }, { phcIndex: 5 }],
      'asked again, it changes nothing',
    )
    t.equal(line.actions.filter((action) => action.do === 'identify').length, 2)
  },
)

t.test('silence to PORT_HWCLOCK_NP alone also leads to asking the interface', async (t) => {
  const line = new Line({}, (_, label) => (label === 'eth0' ? 'phc:eth0' : undefined))
  const { peer } = line
  const answers = peer.answers.bind(peer)
  peer.answers = (request) => {
    const given = answers(request)
    return peer.asked.at(-1) === 'PORT_HWCLOCK_NP' ? [] : given
  }
  line.identify = (key) => {
    line.fail('identify', key, 'NOT_SUPPORTED')
    return undefined
  }
  line.start()
  line.sync(5)
  t.match(line.notes('timeout'), [{ detail: 'PORT_HWCLOCK_NP' }])
  t.equal(line.notes('degraded').length, 1)
  t.equal(line.samples[0]?.clock, 'phc:eth0', 'the agent may know it by the interface')
})

t.test('the read-only socket gives less and is enough', async (t) => {
  const line = new Line({}, () => 'phc:eth0')
  line.peer.readOnly = true
  line.start()
  line.sync(3)
  t.equal(line.detail.subscribed, false)
  t.match(line.detail.ports, [{ number: 1, interface: '', state: 'SLAVE', stamping: undefined }])
  t.ok(line.samples.length >= 2)
  t.equal(
    line.notes('management-error').filter(({ detail }) => /NOT_SUPPORTED/.test(detail)).length,
    3,
  )
  line.sync(20)
  const { asked } = line.peer
  t.equal(asked.filter((name) => name === 'PORT_PROPERTIES_NP').length, 1, 'refused: asked once')
})

t.test('with software stamping the system clock is measured', async (t) => {
  const line = new Line()
  line.peer.ports = [{ state: 'SLAVE', stamping: 'software', interface: 'eth0', phc: -1 }]
  line.start()
  line.sync(2)
  t.match(line.samples[0], { clock: 'system', stamps: 'kernel', dispersion: 5000 })
})

t.test('a port that stamps in hardware never measures the system clock', async (t) => {
  const line = new Line({}, () => 'system').start()
  line.sync(2)
  t.equal(line.samples.length, 0)
  t.equal(line.view.trouble, 'the PHC of port 1 (eth0) is not known')
  const other = new Line()
  other.peer.ports = [{ state: 'SLAVE', stamping: 'hardware', interface: 'eth0', phc: -1 }]
  other.start()
  t.equal(other.view.clock, undefined)
})

t.test('UNCALIBRATED is usable only where ptp4l runs free', async (t) => {
  for (const freeRunning of [false, true]) {
    const line = new Line({ freeRunning })
    line.peer.ports = [{ state: 'UNCALIBRATED', stamping: 'hardware', interface: 'e', phc: 0 }]
    line.start()
    line.sync(2)
    t.equal(line.samples.length > 0, freeRunning)
    t.equal(line.view.trouble, freeRunning ? '' : 'port 1 UNCALIBRATED')
  }
})

t.test('an ingress time that stands still is no measurement', async (t) => {
  const line = new Line()
  line.peer.version = '3.1.1'
  line.identify = (key) => ({ on: 'identified', key, phcIndex: 5 })
  line.start()
  line.sync(3)
  line.take()
  line.run(2)
  t.equal(line.samples.length, 0)
  t.equal(line.notes('no-progress').length, 2)
})

t.test('before the path delay is known ptp4l says 0, which is no offset', async (t) => {
  const line = new Line()
  line.peer.meanPathDelay = 0
  line.peer.offset = 0
  line.start()
  line.sync(3)
  t.equal(line.samples.length, 0)
  t.equal(line.view.trouble, 'path delay not measured yet')
  line.peer.meanPathDelay = 2328
  line.peer.offset = 50_000
  line.sync(5)
  t.ok(line.samples.length >= 4)
  t.ok(line.samples.every(({ delay, dispersion }) => delay === 4656 && dispersion === 10))
})

t.test('a port without a delay mechanism has no delay by choice', async (t) => {
  const line = new Line()
  line.peer.meanPathDelay = 0
  line.peer.delayMechanism = 'NONE'
  line.start()
  line.sync(2)
  t.match(line.samples, [{ delay: 0 }, { delay: 0 }])
})

t.test('an ingress time of zero is no measurement either', async (t) => {
  const line = new Line().start()
  line.sync(2)
  line.take()
  line.peer.ingress = 0n
  line.receive(line.peer.push('TIME_STATUS_NP'))
  t.equal(line.samples.length, 0)
})

t.test('no Sync for three seconds: the PHC is not synchronized any more', async (t) => {
  const line = new Line().start()
  line.sync(3)
  line.take()
  line.run(4)
  t.match(line.upstreams, [{ synchronized: false, reason: /^no Sync for [23] s$/ }])
  t.match(line.notes('upstream-lost'), [{ detail: /^no Sync for/ }])
  t.equal(line.view.trouble, 'no Sync for 5 s', 'and the view goes on counting')
  line.take()
  line.sync(1)
  t.match(line.upstreams, [{ synchronized: true }])
  t.equal(line.notes('reachable').length, 1)
})

t.test('slow Syncs have more time before they are missed', async (t) => {
  const line = new Line()
  line.peer.logSyncInterval = 2
  line.start()
  line.sync(2)
  line.take()
  line.run(11)
  t.same(line.upstreams, [])
  line.run(2)
  t.match(line.upstreams, [{ synchronized: false }])
})

t.test('a port that leaves SLAVE says so at once', async (t) => {
  const line = new Line().start()
  line.sync(2)
  line.take()
  for (const port of line.peer.ports) port.state = 'LISTENING'
  line.receive(line.peer.push('PORT_DATA_SET', 1))
  t.match(line.upstreams, [{ synchronized: false, reason: 'port 1 LISTENING' }])
  t.match(line.notes('port-state'), [{ detail: 'port 1 (eth0): SLAVE to LISTENING' }])
  t.equal(line.detail.ports[0]?.since, mono(line.mono))
})

t.test('being grandmaster is a state, not an error', async (t) => {
  const line = new Line()
  for (const port of line.peer.ports) port.state = 'MASTER'
  line.peer.gmPresent = false
  line.peer.gm = CLOCK
  line.start()
  line.run(10)
  t.equal(line.view.trouble, 'grandmaster is this clock itself')
  t.match(line.upstreams.at(-1), {
    synchronized: false,
    reason: 'grandmaster is this clock itself',
  })
  t.same([...new Set(line.notes().map(({ code }) => code))], ['port-state', 'management-error'])
})

t.test('becoming grandmaster is the loss of a reference', async (t) => {
  const line = new Line().start()
  line.sync(2)
  line.take()
  for (const port of line.peer.ports) port.state = 'MASTER'
  line.peer.gmPresent = false
  line.peer.gm = CLOCK
  line.receive(line.peer.push('PORT_DATA_SET', 1))
  line.run(5)
  t.equal(line.view.trouble, 'grandmaster is this clock itself')
  t.equal(line.upstreams.at(-1)?.synchronized, false)
  t.equal(line.notes('upstream-lost').length, 1)
  t.same(line.notes('grandmaster'), [], 'this clock is not another one')
})

t.test('another grandmaster is news, and so is another UTC offset', async (t) => {
  const line = new Line().start()
  line.sync(2)
  line.take()
  line.peer.gm = '0011ff.fffe.000001'
  line.peer.utcOffset = 38
  line.sync(5)
  t.match(line.notes('grandmaster'), [{ detail: `${GM} to 0011ff.fffe.000001` }])
  t.match(line.notes('utc-offset'), [{ detail: 'TAI - UTC from 37 s to 38 s' }])
})

t.test('an arbitrary time scale needs no UTC offset', async (t) => {
  const line = new Line()
  line.peer.flags.ptpTimescale = false
  line.start()
  line.sync(1)
  t.match(line.upstreams.at(-1), { utcOffset: 0, utcOffsetValid: false })
})

t.test('no socket: ptp4l is not running, and it is tried every second', async (t) => {
  const line = new Line()
  line.absent = 'NOT_FOUND'
  line.start()
  line.run(5)
  t.equal(line.actions.filter((action) => action.do === 'open').length, 6)
  t.equal(line.notes('open-failed').length, 1, 'noted once')
  t.equal(line.view.trouble, 'ptp4l is not running: nobody listens at /run/ptp4l')
  t.equal(line.view.reach, 0)
  line.absent = undefined
  line.sync(4)
  t.ok(line.samples.length > 0)
  t.same(line.notes('restarted'), [], 'it was never there before')
})

t.test('a socket that may not be opened says why', async (t) => {
  const line = new Line()
  line.absent = 'PERMISSION'
  line.start()
  t.match(line.view.trouble, /not permitted/)
})

t.test('a socket that accepts and never answers: another domain', async (t) => {
  const line = new Line({ domain: 0 }).start()
  line.run(10)
  t.match(line.notes('wrong-domain'), [{ detail: 'answers none of our requests in domain 0' }])
  t.equal(line.view.trouble, 'answers none of our requests in domain 0')
  t.equal(line.actions.filter((action) => action.do === 'close').length, 0)
  line.take()
  line.peer.asked.splice(0)
  line.run(2)
  t.same(line.peer.asked, ['DEFAULT_DATA_SET', 'DEFAULT_DATA_SET'], 'one cheap question a second')
  line.peer.domain = 0
  line.run(2)
  line.sync(2)
  t.ok(line.samples.length > 0, 'and from the first answer on everything')
  t.equal(line.view.trouble, '')
})

t.test('a restart of ptp4l is survived and seen', async (t) => {
  const line = new Line().start()
  line.sync(3)
  line.take()
  line.absent = 'REFUSED'
  line.peer.subscriber = undefined
  line.run(10)
  t.equal(line.view.reach, 0)
  t.match(line.notes('unreachable'), [{ detail: /not running/ }])
  t.match(line.upstreams, [{ synchronized: false, reason: /not running/ }])
  t.equal(line.actions.filter((action) => action.do === 'close').length, 1)
  t.equal(line.detail.subscribed, false)
  line.take()
  line.absent = undefined
  line.peer.pushSequence = 0
  line.sync(4)
  t.match(line.notes('restarted'), [{ code: 'restarted' }])
  t.equal(line.detail.restarts, 1)
  t.equal(line.detail.subscribed, true)
  t.ok(line.samples.length >= 2)
  t.same(line.notes('wrong-id'), [])
})

t.test('a ptp4l that comes back with fewer ports has no more than those', async (t) => {
  const line = new Line()
  line.peer.ports.push({ state: 'MASTER', stamping: 'hardware', interface: 'eth1', phc: 3 })
  line.start()
  line.sync(2)
  t.equal(line.detail.ports.length, 2)
  line.absent = 'REFUSED'
  line.run(3)
  line.absent = undefined
  line.peer.ports.pop()
  line.sync(3)
  t.match(line.detail.ports, [{ number: 1 }])
  t.equal(line.detail.ports.length, 1)
})

t.test('a ptp4l that falls silent is opened anew', async (t) => {
  const line = new Line().start()
  line.sync(2)
  line.take()
  line.peer.mute = true
  line.run(5)
  t.match(line.notes('unreachable'), [{ detail: 'ptp4l does not answer' }])
  t.equal(line.actions.filter((action) => action.do === 'open').length, 1)
})

t.test('a ptp4l that comes back in another domain is told from one that is gone', async (t) => {
  const line = new Line().start()
  line.sync(2)
  line.peer.domain = 5
  line.run(10)
  t.match(line.notes('unreachable'), [{ detail: 'ptp4l does not answer' }])
  t.match(line.notes('wrong-domain'), [{ detail: 'answers none of our requests in domain 24' }])
  t.equal(line.view.trouble, 'answers none of our requests in domain 24')
  line.peer.domain = 24
  line.sync(4)
  t.equal(line.view.trouble, '')
})

t.test('what no sample needs is asked for one a second, what is refused only once', async (t) => {
  const line = new Line()
  line.peer.ports.push({ state: 'MASTER', stamping: 'hardware', interface: 'eth1', phc: 3 })
  line.start()
  line.peer.asked.splice(0)
  line.sync(18)
  const often = new Set(['CURRENT_DATA_SET', 'TIME_STATUS_NP', 'SUBSCRIBE_EVENTS_NP'])
  const slow = ['PORT_PROPERTIES_NP', 'TIME_PROPERTIES_DATA_SET', 'PARENT_DATA_SET']
  for (const name of [...slow, 'PORT_DATA_SET']) often.add(name)
  const { asked } = line.peer
  const survey = asked.filter((name) => !often.has(name))
  t.equal(survey.length, 18)
  t.equal(new Set(survey).size, 18, 'each once in the first round')
  t.equal(line.detail.refusedDataSets?.['CMLDS_INFO_NP'], 'NO_SUCH_ID')
  t.match(line.detail.dataSets, {
    USER_DESCRIPTION: { userDescription: 'rack 7' },
    DEFAULT_DATA_SET: { numberPorts: 2 },
    PARENT_DATA_SET: { grandmasterIdentity: GM },
  })
  t.match(
    line.detail.ports.map(({ dataSets }) => dataSets?.PORT_DATA_SET?.portState),
    ['SLAVE', 'MASTER'],
  )

  asked.splice(0)
  line.sync(20)
  t.notOk(asked.includes('CMLDS_INFO_NP'), 'refused before')
  line.absent = 'REFUSED'
  line.run(4)
  line.absent = undefined
  asked.splice(0)
  line.sync(24)
  t.equal(asked.filter((name) => name === 'CMLDS_INFO_NP').length, 1, 'perhaps another version')
})

t.test('messages are counted by type, and their rate is that between two answers', async (t) => {
  const line = new Line().start()
  line.run(30, (tenth) => {
    if (tenth % 10 === 4) line.peer.counters = line.peer.counters.map((count) => count + 8)
  })
  const traffic = line.detail.ports[0]?.traffic
  const { count = 0, perSecond = 0 } = traffic?.received['Sync'] ?? {}
  t.ok(count > 100)
  t.ok(Math.abs(perSecond - 8) < 1, `${perSecond} a second`)
  t.equal(Object.keys(traffic?.sent ?? {}).length, 10)
})

t.test('a notification dates the state of a port, and FAULTY is counted', async (t) => {
  const line = new Line().start()
  line.sync(4)
  t.match(line.detail.ports, [{ entered: false, faulted: 0 }], 'it may be older than we know')
  const [port] = line.peer.ports
  if (port === undefined) throw new Error('no port')
  for (const state of ['FAULTY', 'LISTENING', 'FAULTY']) {
    line.run(1)
    port.state = state
    line.receive(line.peer.push('PORT_DATA_SET', 1))
  }
  const at = line.mono
  line.run(3)
  t.match(line.detail.ports, [{ state: 'FAULTY', entered: true, faulted: 2, since: mono(at) }])
})

t.test('notifications that count from zero again betray a restart', async (t) => {
  const line = new Line().start()
  line.sync(3)
  line.take()
  line.peer.asked.splice(0)
  line.peer.pushSequence = 0
  line.receive(line.peer.push('TIME_STATUS_NP'))
  t.equal(line.notes('restarted').length, 1)
  t.ok(line.peer.asked.includes('SUBSCRIBE_EVENTS_NP'))
  line.take()
  line.peer.pushSequence = 0xffff
  line.sync(3)
  t.same(line.notes('restarted').length, 1, 'a jump back is noted once')
  line.take()
  line.sync(2)
  t.same(line.notes('restarted'), [], 'the counter running over is not one')
})

t.test('the subscription is renewed at one third of its duration', async (t) => {
  const line = new Line().start()
  line.peer.asked.splice(0)
  line.sync(41)
  t.equal(line.peer.asked.filter((name) => name === 'SUBSCRIBE_EVENTS_NP').length, 2)
})

t.test('when pushes end and Syncs go on, they are asked for and subscribed to again', async (t) => {
  const line = new Line().start()
  line.sync(3)
  line.take()
  line.peer.asked.splice(0)
  const { peer } = line
  line.run(8, (tenth) => {
    if (tenth % 10 === 4) peer.ingress += SECOND
  })
  t.ok(peer.asked.includes('SUBSCRIBE_EVENTS_NP'))
  t.ok(line.samples.length >= 4)
})

t.test('what we did not ask for is counted and ignored', async (t) => {
  const line = new Line().start()
  line.sync(1)
  line.take()
  const { peer } = line
  const before = line.view.trouble
  const target = peer.subscriber ?? { clock: '', port: 0 }
  const set = peer.set('TIME_STATUS_NP', 0)
  const stray = {
    domain: 24,
    target,
    sequenceId: 4711,
    startingBoundaryHops: 0,
    boundaryHops: 0,
    body: { kind: 'data', id: 0xc000, set } as ManagementBody,
  }
  line.receive(peer.wrap(stray, 0))
  line.receive(peer.wrap({ ...stray, sequenceId: 0 }, 0))
  line.receive(peer.wrap({ ...stray, target: { clock: GM, port: 1 } }, 0))
  line.receive(peer.wrap({ ...stray, domain: 25 }, 0))
  const request = encodeManagement({ ...stray, source: { clock: CLOCK, port: 0 }, action: 'GET' })
  line.receive(request)
  request[45] = 1
  line.receive(request)
  t.equal(line.notes('wrong-id').length, 6)
  t.equal(line.samples.length, 0)
  t.equal(line.view.trouble, before)
})

t.test('bytes that are no management message are counted', async (t) => {
  const line = new Line().start()
  line.take()
  line.receive(Uint8Array.of(1, 2, 3))
  t.match(line.notes(), [{ code: 'malformed', detail: 'truncated at 3' }])
})

t.test('a full socket is a passing trouble', async (t) => {
  const line = new Line().start()
  line.take()
  line.sendFault = 'BUSY'
  line.run(1)
  t.ok(line.notes('send-failed').length > 0)
  t.equal(line.actions.filter((action) => action.do === 'close').length, 0)
})

t.test(
  'when the receiving port moves to another PHC the readers of the first hear it',
  async (t) => {
    const line = new Line()
    line.peer.ports = [
      { state: 'SLAVE', stamping: 'hardware', interface: 'eth0', phc: 0 },
      { state: 'PASSIVE', stamping: 'hardware', interface: 'eth1', phc: 1 },
    ]
    line.start()
    line.sync(2)
    line.take()
    for (const port of line.peer.ports) port.state = port.state === 'SLAVE' ? 'FAULTY' : 'SLAVE'
    line.receive(line.peer.push('PORT_DATA_SET', 1))
    t.match(line.upstreams, [{ clock: 'phc:ptp0', reason: 'port 1 FAULTY, port 2 PASSIVE' }])
    line.receive(line.peer.push('PORT_DATA_SET', 2))
    line.sync(1)
    const last = line.upstreams.slice(1)
    t.match(last[0], { clock: 'phc:ptp0', synchronized: false, reason: /another clock/ })
    t.equal(last.at(-1)?.clock, 'phc:ptp1')
    t.equal(line.samples.at(-1)?.clock, 'phc:ptp1')
  },
)

t.test('noise of the offsets widens the sample, a steady drift does not', async (t) => {
  const line = new Line().start()
  line.sync(8)
  t.equal(line.samples.at(-1)?.dispersion, 10)
  let sign = 1
  line.run(12, (tenth) => {
    if (tenth % 10 !== 4) return
    sign = -sign
    line.peer.offset += sign * 100
    line.peer.ingress += SECOND
    line.receive(line.peer.push('TIME_STATUS_NP'))
  })
  t.ok((line.samples.at(-1)?.dispersion ?? 0) > 50)
})

t.test('a step of the clock moves the last offset and forgets the noise', async (t) => {
  const line = new Line().start()
  line.sync(4)
  const change = {
    clock: 'phc:ptp2' as const,
    at: mono(line.mono),
    step: 1_000_000n,
    frequency: ppb(0),
    uncertainty: nanos(0),
    foreign: false,
  }
  line.event({ on: 'change', change: { ...change, clock: 'system' } })
  t.equal(line.view.offset, -130)
  line.event({ on: 'change', change })
  t.equal(line.view.offset, 1_000_000 - 130)
  line.peer.offset += 1_000_000
  line.sync(1)
  t.equal(line.samples.at(-1)?.dispersion, 10)
})

t.test('the end: unsubscribe, close, and nothing any more', async (t) => {
  const line = new Line().start()
  line.sync(2)
  line.take()
  line.event({ on: 'stop' })
  t.equal(line.peer.subscriber, undefined)
  t.equal(line.actions.at(-1)?.do, 'close')
  t.same([...line.timers.keys()], [])
  line.take()
  line.event({ on: 'timer', key: 'poll' })
  t.same(line.actions, [])
  const absent = new Line()
  absent.absent = 'NOT_FOUND'
  absent.start()
  absent.take()
  absent.event({ on: 'stop' })
  t.ok(absent.actions.every((action) => action.do === 'cancel'))
})
