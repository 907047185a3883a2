/**
 * Observer of a chronyd on this node: asks for its tracking report (UDP, port 323) and shows what
 * chronyd believes of the system clock. chronyd steers that clock; we never send it a command that
 * changes anything.
 *
 * In: TRACKING replies. Out: samples of `system` with offset = local - reference. chronyd's "current
 * correction" is what it will still add to the clock, positive when the clock is slow: it has the other
 * sign and is negated here, on entry. Its frequency is positive when the clock, left alone, runs fast.
 *
 * The offset is chronyd's own estimate, so its error is what chronyd claims: root delay and root
 * dispersion at the moment of the reply. A port where nobody listens is a trouble, not a fault.
 */
import type { ChronySourceConfig } from '../config/types.ts'
import { moveSample } from '../core/clock-change.ts'
import { describeFault } from '../core/errors.ts'
import type { Action, Event, Now, Stamp } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import { type LeapWarning, rootDistance, type Sample } from '../core/sample.ts'
import {
  type Instant,
  mono,
  type Nanos,
  nanos,
  type Ppb,
  plus,
  ppb,
  seconds,
} from '../core/units.ts'
import { addressText } from './chrony-layout.ts'
import { decodeChronyReply, encodeChronyRequest, statusText } from './chrony-packet.ts'
import { COMMANDS, type Tracking } from './chrony-replies.ts'
import { referenceText } from './ntp-packet.ts'
import type { Source, SourceView } from './source.ts'

/** chronyc waits as long for its first attempt. */
const TIMEOUT = seconds(1)
/** Resolution and age of the report; its real error is in root dispersion. */
const DISPERSION = nanos(1_000)
const LEAPS: readonly LeapWarning[] = ['none', 'insert', 'delete', 'unknown']
/** 127.127.1.1: `local` mode, in which chronyd takes the very clock that it steers for its reference. */
const LOCAL_REFERENCE = 0x7f7f0101
const NANOS_PER_SECOND = 1e9
const PPB_PER_PPM = 1_000

type EventOf<K extends Event['on']> = Event & { readonly on: K }

interface Pending {
  readonly channel: string
  readonly sequence: number
  readonly startedAt: Instant<'mono'>
}

const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })

export class ChronySource implements Source {
  readonly kind = 'chrony'
  readonly id: string
  readonly #config: ChronySourceConfig
  #pending: Pending | undefined
  #sequence = 0
  #reach = 0
  #reachable: boolean | undefined
  #stopped = false
  #trouble = 'no answer yet'
  #sample: Sample | undefined
  #tracking: Tracking | undefined

  constructor({ config }: { readonly config: ChronySourceConfig }) {
    this.#config = config
    this.id = `chrony:${config.address}:${config.port}`
  }

  handle(event: Event, now: Now): readonly Action[] {
    if (this.#stopped) return []
    switch (event.on) {
      case 'start':
        return this.#ask(now)
      case 'timer':
        return event.key === 'poll' ? this.#ask(now) : this.#lost('timeout', 'no answer', now)
      case 'opened':
        return this.#opened(event)
      case 'received':
        return this.#received(event, now)
      case 'failed':
        return this.#failed(event, now)
      case 'change':
        this.#sample &&= moveSample(this.#sample, event.change)
        return []
      case 'stop':
        return this.#stop()
      default:
        return []
    }
  }

  view(_now: Now): SourceView {
    const sample = this.#sample
    const tracking = this.#tracking
    return {
      id: this.id,
      kind: this.kind,
      clock: 'system',
      address: `${this.#config.address}:${this.#config.port}`,
      reach: this.#reach,
      pollSeconds: this.#config.poll,
      lastSampleAt: sample?.at,
      offset: sample?.offset,
      delay: sample?.delay,
      rootDistance: sample && rootDistance(sample),
      stratum: tracking?.stratum,
      reference: tracking === undefined ? '' : referenceOf(tracking),
      stamps: sample?.stamps,
      trouble: this.#trouble,
      detail: {
        kind: this.kind,
        frequency: tracking && ppm(tracking.frequency),
        skew: tracking && ppm(tracking.skew),
        leap: tracking === undefined ? '' : leapOf(tracking),
      },
    }
  }

  #ask(now: Now): Action[] {
    if (this.#pending !== undefined) return []
    this.#sequence = (this.#sequence + 1) >>> 0
    const sequence = this.#sequence
    const channel = `tracking-${sequence}`
    this.#pending = { channel, sequence, startedAt: now.mono }
    const { address, port } = this.#config
    return [
      { do: 'open', channel, transport: 'udp', address, port, stamps: false },
      { do: 'timer', key: 'timeout', at: plus(now.mono, TIMEOUT) },
    ]
  }

  #opened({ channel }: EventOf<'opened'>): Action[] {
    const pending = this.#pending
    if (pending?.channel !== channel) return []
    const { sequence } = pending
    const data = encodeChronyRequest({ command: 'tracking', sequence, attempt: 0 })
    return [{ do: 'send', channel, data, token: sequence }]
  }

  #received({ channel, data, stamp }: EventOf<'received'>, now: Now): readonly Action[] {
    const pending = this.#pending
    if (pending?.channel !== channel) return []
    const result = decodeChronyReply(data)
    if (!result.ok) return [note('malformed', `${result.fault} at byte ${result.at}`)]
    const reply = result.value
    if (reply.sequence !== pending.sequence || reply.command !== COMMANDS.tracking) {
      return [note('wrong-id', `sequence ${reply.sequence}, command ${reply.command}`)]
    }
    if (reply.status !== 0 || reply.data.is !== 'tracking') {
      const detail = reply.status === 0 ? `reply type ${reply.data.type}` : statusText(reply.status)
      return this.#lost('command-refused', detail, now)
    }
    return [...this.#close(pending, now), ...this.#tracked(reply.data.fields, stamp, now)]
  }

  #tracked(tracking: Tracking, stamp: Stamp, now: Now): Action[] {
    const { id } = this
    this.#tracking = tracking
    this.#reach = ((this.#reach << 1) | 1) & 0xff
    const notes = this.#reachable === true ? [] : [note('reachable', '')]
    this.#reachable = true
    this.#trouble = troubleOf(tracking)
    if (this.#trouble !== '') return [...notes, note('unsynchronised', this.#trouble)]
    const at = mono(now.mono - (now.utc - stamp.at))
    const sample: Sample = { source: id, clock: 'system', at, ...measurementOf(tracking) }
    this.#sample = sample
    return [...notes, { do: 'sample', sample }]
  }

  #failed({ key, fault }: EventOf<'failed'>, now: Now): readonly Action[] {
    return this.#pending?.channel === key
      ? this.#lost('send-failed', describeFault(fault), now)
      : []
  }

  /** No report this time. Said aloud once, then only counted. */
  #lost(code: NoteCode, detail: string, now: Now): Action[] {
    const pending = this.#pending
    if (pending === undefined) return []
    this.#reach = (this.#reach << 1) & 0xff
    this.#trouble = `unreachable: ${detail}`
    const notes = this.#reachable === false ? [] : [note('unreachable', detail)]
    this.#reachable = false
    return [...this.#close(pending, now), note(code, detail), ...notes]
  }

  #close({ channel, startedAt }: Pending, now: Now): Action[] {
    this.#pending = undefined
    const left = Math.max(0, seconds(this.#config.poll) - Number(now.mono - startedAt))
    return [
      { do: 'close', channel },
      { do: 'cancel', key: 'timeout' },
      { do: 'timer', key: 'poll', at: plus(now.mono, nanos(left)) },
    ]
  }

  #stop(): Action[] {
    this.#stopped = true
    const closing: Action[] =
      this.#pending === undefined ? [] : [{ do: 'close', channel: this.#pending.channel }]
    return [...closing, { do: 'cancel', key: 'timeout' }, { do: 'cancel', key: 'poll' }]
  }
}

const ppm = (value: number): Ppb => ppb(value * PPB_PER_PPM)
const ofSeconds = (value: number): Nanos => nanos(value * NANOS_PER_SECOND)
const leapOf = ({ leap }: Tracking): LeapWarning => LEAPS[leap] ?? 'unknown'

function referenceOf({ address, referenceId }: Tracking): string {
  const text = addressText(address)
  return text === '' ? referenceText({ referenceId, stratum: 1 }) : text
}

function troubleOf(tracking: Tracking): string {
  if (leapOf(tracking) === 'unknown' || tracking.stratum === 0) return 'chronyd is not synchronised'
  return tracking.referenceId === LOCAL_REFERENCE
    ? 'chronyd has no reference but the clock itself (local mode)'
    : ''
}

function measurementOf(tracking: Tracking): Omit<Sample, 'source' | 'clock' | 'at'> {
  return {
    // slow is positive in chronyd's correction, negative in our offset; 0 - x is never -0
    offset: ofSeconds(0 - tracking.currentCorrection),
    delay: nanos(0),
    dispersion: DISPERSION,
    rootDelay: ofSeconds(Math.abs(tracking.rootDelay)),
    rootDispersion: ofSeconds(Math.abs(tracking.rootDispersion)),
    stratum: tracking.stratum,
    leap: leapOf(tracking),
    reference: referenceOf(tracking),
    stamps: 'daemon',
  }
}
