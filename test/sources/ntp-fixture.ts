/** A server and a clock pair for an NTP source under test: time passes only when a test says so. */
import type { NtpSourceConfig } from '../../agent/config/types.ts'
import type { Action, Event, Now, Stamp } from '../../agent/core/machine.ts'
import type { Sample, StampKind } from '../../agent/core/sample.ts'
import { type Instant, mono, nanos, utc } from '../../agent/core/units.ts'
import type { RandomPort } from '../../agent/ports/random.ts'
import { NtpSource, type NtpSourceOptions } from '../../agent/sources/ntp.ts'
import {
  decodeNtp,
  encodeNtp,
  MODE_SERVER,
  type NtpPacket,
  stampToUtc,
  utcToStamp,
} from '../../agent/sources/ntp-packet.ts'

export const config = (fields: Partial<NtpSourceConfig> = {}): NtpSourceConfig => ({
  type: 'ntp',
  name: '10.99.0.1',
  pool: false,
  maxSources: 4,
  port: 123,
  minpoll: 0,
  maxpoll: 0,
  iburst: false,
  xleave: false,
  noselect: false,
  prefer: false,
  trust: false,
  require: false,
  maxDelay: 3,
  offset: 0,
  aggressive: false,
  burst: false,
  copy: false,
  minStratum: 0,
  maxDelayRatio: 0,
  maxDelayDevRatio: 10,
  minSamples: 6,
  maxSamples: 0,
  maxUnreach: 8,
  filter: 1,
  ...fields,
})

/** No spread and cookies that count: every time in a test is exact. */
export function plainRandom(): RandomPort {
  let count = 0
  return {
    bytes: (length) => {
      count += 1
      return Uint8Array.from({ length }, (_, index) => (index % 8 === 7 ? count : index + 1))
    },
    uniform: () => 0,
  }
}

const MS = 1_000_000n
const EPOCH = 1_800_000_000_000_000_000n
const BOOT = 1_000_000_000_000n

interface Reply {
  readonly fields?: Partial<NtpPacket>
  /** Answer as RFC 9769 says. */
  readonly interleaved?: boolean
}

export class Rig {
  readonly source: NtpSource
  /** How far our clock is ahead of the server, ns. */
  ahead = 0n
  elapsed = 0n
  readonly samples: Sample[] = []
  readonly notes: string[] = []
  readonly opened: string[] = []
  readonly stored: string[] = []
  loading = 0
  readonly timers = new Map<string, Instant<'mono'>>()
  resolving = 0
  closed = 0
  channel = ''
  token = 0
  request: NtpPacket | undefined
  #lastTransmit = 0n

  constructor(fields: Partial<NtpSourceConfig> = {}, options: Partial<NtpSourceOptions> = {}) {
    const random = plainRandom()
    this.source = new NtpSource({ id: 'ntp:test', config: config(fields), random, ...options })
  }

  get now(): Now {
    return { mono: mono(BOOT + this.elapsed), utc: utc(EPOCH + this.elapsed + this.ahead) }
  }
  get seconds(): number {
    return Number(this.elapsed) / 1e9
  }
  /** Time of the server. */
  get truth(): bigint {
    return EPOCH + this.elapsed
  }
  get view() {
    return this.source.view(this.now)
  }

  feed(event: Event): readonly Action[] {
    const actions = this.source.handle(event, this.now)
    for (const action of actions) this.#take(action)
    return actions
  }

  #take(action: Action): void {
    if (action.do === 'sample') this.samples.push(action.sample)
    if (action.do === 'note') this.notes.push(action.code)
    if (action.do === 'timer') this.timers.set(action.key, action.at)
    if (action.do === 'cancel') this.timers.delete(action.key)
    if (action.do === 'resolve') this.resolving += 1
    if (action.do === 'load') this.loading += 1
    if (action.do === 'store') this.stored.push(action.text)
    if (action.do === 'close') this.closed += 1
    if (action.do === 'open') {
      this.channel = action.channel
      this.opened.push(`${action.address}:${action.port}`)
    }
    if (action.do === 'send') {
      const result = decodeNtp(action.data)
      if (!result.ok) throw new Error(result.fault)
      this.request = result.value
      this.token = action.token
    }
  }

  wait(ns: bigint): void {
    this.elapsed += ns
  }

  /** Lets time pass until a timer fires. */
  fire(key: string): readonly Action[] {
    const at = this.timers.get(key)
    if (at === undefined) throw new Error(`no timer ${key}`)
    this.elapsed = at - BOOT
    this.timers.delete(key)
    return this.feed({ on: 'timer', key })
  }

  /** Until the request is on its way. */
  send(stamps: StampKind = 'kernel'): void {
    this.fire('poll')
    this.feed({ on: 'opened', channel: this.channel, stamps })
  }

  stampNow(kind: StampKind = 'kernel') {
    return { at: this.now.utc, kind }
  }

  sent(stamp: Stamp = this.stampNow()): void {
    this.feed({ on: 'sent', channel: this.channel, token: this.token, stamp })
  }

  /** The server's answer to the current request, as bytes. */
  answer({ fields = {}, interleaved = false }: Reply = {}): Uint8Array {
    const { request } = this
    if (request === undefined) throw new Error('nothing was asked')
    const last = this.#lastTransmit
    // when this answer really leaves is only told in the next one
    this.#lastTransmit = utcToStamp(utc(this.truth + 2_000n))
    return encodeNtp({
      ...request,
      leap: 'none',
      mode: MODE_SERVER,
      stratum: 3,
      precision: -24,
      rootDelay: nanos(0),
      rootDispersion: nanos(0),
      referenceId: 0x0a630001,
      origin: interleaved ? request.receive : request.transmit,
      receive: utcToStamp(utc(this.truth)),
      transmit: interleaved ? last : utcToStamp(utc(this.truth + 1_000n)),
      ...fields,
    })
  }

  receive(data: Uint8Array): void {
    this.feed({ on: 'received', channel: this.channel, data, stamp: this.stampNow() })
  }

  /** One whole exchange: 1 ms there, 2 us at the server, 1 ms back. */
  exchange(reply: Reply = {}): void {
    this.send()
    this.sent()
    this.wait(MS)
    const data = this.answer(reply)
    this.wait(MS + 2_000n)
    this.receive(data)
  }

  /** One request that nobody answers. */
  silence(): void {
    this.send()
    this.sent()
    this.fire('timeout')
  }
}

export const asUtc = (stamp: bigint): bigint => stampToUtc(stamp, utc(EPOCH))
