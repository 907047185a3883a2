/**
 * One ptp4l instance, through its management socket: a sample for every Sync it processed, and the
 * word to the readers of its PHC on what that PHC is worth (`upstream`).
 *
 *   open ─► ask all ─► subscribe ─► TIME_STATUS_NP pushed per Sync ─► sample, upstream
 *              │                └ 3.1.1, or read-only socket: asked for every `poll` seconds
 *              ├ the data sets that no sample needs: one a second
 *              └ no answer at all: wrong domain, ask on; refused or fell silent: reopen every second
 *
 * This file holds the conversation and its timers; what the answers mean is in ptp4l-tracker.ts.
 * Facts of the interface: ptp4l(8), linuxptp's tlv.h and clock.c.
 */
import type { Ptp4lSourceConfig } from '../config/types.ts'
import { describeFault, type PortFault, type PortFaultCode } from '../core/errors.ts'
import type { Action, Event, Now } from '../core/machine.ts'
import type { ClockName } from '../core/sample.ts'
import { type Instant, plus, seconds } from '../core/units.ts'
import type { RandomPort } from '../ports/random.ts'
import {
  decodeManagement,
  errorName,
  type ManagementBody,
  type ManagementMessage,
} from './management.ts'
import { dataSetOf, idName } from './management-data.ts'
import { nextTurn } from './phc-schedule.ts'
import { GrandmasterVoice, type Settings } from './ptp4l-grandmaster.ts'
import { note } from './ptp4l-herald.ts'
import { Outage } from './ptp4l-outage.ts'
import { askAll, askSlow, SUBSCRIBE, SUBSCRIPTION, UNSUBSCRIBE } from './ptp4l-requests.ts'
import { CHANNEL, Session } from './ptp4l-session.ts'
import { Survey } from './ptp4l-survey.ts'
import { type PhcName, Tracker } from './ptp4l-tracker.ts'
import { reason } from './ptp4l-upstream.ts'
import { viewOf } from './ptp4l-view.ts'
import type { Source, SourceView } from './source.ts'

export interface Ptp4lOptions {
  /** Default `ptp4l:SOCKET`. */
  readonly id?: string
  readonly config: Ptp4lSourceConfig
  readonly random: RandomPort
  readonly phcName: PhcName
}

const RETRY = seconds(1)
/** Without a word on an open socket: another domain if it never spoke, else it is gone. */
const SILENCE = seconds(3)
const REFRESH = seconds(4)
const SURVEY = seconds(1)
/** At first a Sync that is new is looked for more often. */
const EAGER = { polls: 6, every: seconds(0.25) }
/** As phc2sys does. */
const RENEWAL = seconds(SUBSCRIPTION / 3)
/** The socket is full for a moment; everything else means that nobody is at the other end. */
const PASSING: readonly PortFaultCode[] = ['BUSY', 'NO_SPACE', 'TIMEOUT']
const TIMERS = ['poll', 'refresh', 'subscribe', 'survey'] as const

export class Ptp4lSource implements Source {
  readonly id: string
  readonly kind = 'ptp4l'
  readonly attends: boolean
  readonly #config: Ptp4lSourceConfig
  readonly #session: Session
  readonly #tracker: Tracker
  readonly #outage = new Outage()
  readonly #survey = new Survey()
  readonly #voice: GrandmasterVoice | undefined
  #openedAt: Instant<'mono'> | undefined
  #subscribed = false
  #eager = 0
  #stopped = false

  constructor({ id, config, random, phcName }: Ptp4lOptions) {
    this.id = id ?? `ptp4l:${config.socket}`
    this.#config = config
    this.#session = new Session(config.socket, config.domain, random)
    this.#tracker = new Tracker(this.id, config, phcName)
    const served = config.grandmaster as ClockName | undefined
    this.#voice = served && new GrandmasterVoice(served)
    this.attends = served !== undefined
  }

  handle(event: Event, now: Now): readonly Action[] {
    const out: Action[] = []
    if (!this.#stopped) this.#dispatch(event, now, out)
    return out
  }

  view(now: Now): SourceView {
    return viewOf(this.id, this.#config, this.#tracker, {
      now: now.mono,
      subscribed: this.#subscribed,
      restarts: this.#outage.restarts,
      survey: this.#survey,
    })
  }

  #dispatch(event: Event, now: Now, out: Action[]): void {
    switch (event.on) {
      case 'start':
        this.#tracker.link = reason('waiting for the first answers')
        out.push(this.#session.open())
        break
      case 'stop':
        this.#stop(now, out)
        break
      case 'opened':
        this.#opened(now, out)
        break
      case 'received':
        this.#received(event.data, now, out)
        break
      case 'timer':
        this.#timer(event.key, now, out)
        break
      case 'failed':
        this.#failed(event.what, event.key, event.fault, now, out)
        break
      case 'identified':
        this.#tracker.identified(portOf(event.key), event.phcIndex, now, out)
        break
      case 'change':
        this.#tracker.change(event.change)
        break
      case 'standing':
        this.#voice?.heard(event.standing, now.mono)
        if (this.#session.heard) this.#say(this.#voice?.due(now.mono), now, out)
        break
    }
  }

  #stop(now: Now, out: Action[]): void {
    this.#stopped = true
    for (const key of [...TIMERS, 'stale', 'retry']) out.push({ do: 'cancel', key })
    if (!this.#session.isOpen) return
    if (this.#subscribed) out.push(this.#session.set(UNSUBSCRIBE, now.mono))
    this.#say(this.#voice?.farewell(), now, out)
    out.push({ do: 'close', channel: CHANNEL })
  }

  #opened(now: Now, out: Action[]): void {
    this.#session.opened(now.mono)
    this.#openedAt = now.mono
    this.#outage.mute = false
    this.#subscribed = false
    this.#eager = EAGER.polls
    this.#askAll(now, out)
    for (const key of TIMERS) this.#arm(key, now, out)
  }

  #say(value: Settings | undefined, now: Now, out: Action[]): void {
    if (value === undefined) return
    out.push(this.#session.set({ name: 'GRANDMASTER_SETTINGS_NP', value }, now.mono))
  }

  #askAll(now: Now, out: Action[]): void {
    this.#voice?.forget()
    this.#tracker.newConversation()
    this.#survey.begin()
    out.push(...askAll(this.#session, now.mono))
  }

  #arm(key: (typeof TIMERS)[number], now: Now, out: Action[]): void {
    const eager = key === 'poll' && this.#eager > 0 && this.#tracker.last === undefined
    if (eager) {
      this.#eager -= 1
      out.push({ do: 'timer', key, at: plus(now.mono, EAGER.every) })
      return
    }
    const poll = seconds(this.#config.poll)
    const period = { poll, refresh: REFRESH, subscribe: RENEWAL, survey: SURVEY }[key]
    const behind = key === 'poll' ? this.#tracker.behindSync(now.mono, period) : undefined
    const at = behind ?? nextTurn(this.#openedAt ?? now.mono, period, now.mono)
    out.push({ do: 'timer', key, at })
  }

  #timer(key: string, now: Now, out: Action[]): void {
    if (key === 'stale') this.#tracker.tell(now, out)
    if (key === 'retry' && this.#session.isClosed) {
      this.#tracker.countPoll()
      out.push(this.#session.open())
    }
    if (!this.#session.isOpen) return
    if (key === 'poll') this.#poll(now, out)
    if (key === 'refresh') this.#refresh(now, out)
    if (key === 'survey') this.#ask(now, out)
    if (key === 'subscribe') {
      this.#arm(key, now, out)
      if (!this.#outage.mute) out.push(this.#session.set(SUBSCRIBE, now.mono))
    }
  }

  #poll(now: Now, out: Action[]): void {
    const { mono } = now
    this.#tracker.countPoll()
    const missed = this.#session.sweep(mono)
    if (!this.#outage.mute) for (const name of missed) out.push(note('timeout', name))
    if (missed.includes('PORT_HWCLOCK_NP')) this.#tracker.hardwareClockUnknown(out)
    if (this.#session.silence(mono) >= SILENCE) this.#silent(now, out)
    if (!this.#session.isOpen) return
    this.#arm('poll', now, out)
    if (this.#outage.mute) {
      out.push(this.#session.get('DEFAULT_DATA_SET', mono))
      return
    }
    out.push(this.#session.get('CURRENT_DATA_SET', mono))
    if (!this.#tracker.isPushed(mono)) out.push(this.#session.get('TIME_STATUS_NP', mono))
    this.#tracker.tell(now, out)
  }

  #refresh(now: Now, out: Action[]): void {
    this.#arm('refresh', now, out)
    if (this.#outage.mute) return
    out.push(...askSlow(this.#session, now.mono, (name) => this.#survey.isGiven(name)))
    // notifications that came and come no more, while we are told that we are subscribed
    if (this.#tracker.pushesEnded(now.mono)) out.push(this.#session.set(SUBSCRIBE, now.mono))
  }

  #ask(now: Now, out: Action[]): void {
    this.#arm('survey', now, out)
    const name = this.#outage.mute ? undefined : this.#survey.next()
    if (name !== undefined) out.push(this.#session.get(name, now.mono))
  }

  #silent(now: Now, out: Action[]): void {
    if (this.#session.heard) {
      this.#lost('ptp4l does not answer', now, out)
      return
    }
    if (this.#outage.mute) return
    this.#outage.mute = true
    const text = `answers none of our requests in domain ${this.#config.domain}`
    out.push(...this.#outage.complain('wrong-domain', text))
    this.#tracker.link = reason(text)
    this.#tracker.tell(now, out)
  }

  /** The other end is gone: close, and try again every second until it is back. */
  #lost(why: string, now: Now, out: Action[]): void {
    const { heard } = this.#session
    if (this.#session.isOpen) out.push({ do: 'close', channel: CHANNEL })
    this.#session.closed()
    this.#subscribed = false
    out.push(...this.#outage.lost(why, heard))
    this.#tracker.link = reason(why)
    this.#tracker.tell(now, out)
    out.push({ do: 'timer', key: 'retry', at: plus(now.mono, RETRY) })
  }

  #failed(what: string, key: string, fault: PortFault, now: Now, out: Action[]): void {
    if (what === 'identify') {
      out.push(note('degraded', `PHC of port ${portOf(key)}: ${describeFault(fault)}`))
      return
    }
    if (what === 'send' && PASSING.includes(fault.code)) {
      out.push(note('send-failed', describeFault(fault)))
      return
    }
    // of a burst of requests every one fails: the first tells it
    if (what === 'send' ? this.#session.isOpen : !this.#session.isClosed) {
      this.#lost(absence(fault, this.#config.socket), now, out)
    }
  }

  #received(data: Uint8Array, now: Now, out: Action[]): void {
    if (!this.#session.isOpen) return
    const result = decodeManagement(data)
    if (!result.ok) {
      out.push(note('malformed', `${result.fault} at ${result.at}`))
      return
    }
    const kind = this.#session.classify(result.value, now.mono)
    if (kind === 'stray') {
      out.push(note('wrong-id', idName(result.value.body.id)))
      return
    }
    this.#alive(now, out)
    if (kind === 'reset') {
      this.#restarted('its notifications count from the start again', out)
      this.#askAll(now, out)
    }
    this.#body(result.value, kind !== 'answer', now, out)
  }

  /** The first word after a silence. */
  #alive(now: Now, out: Action[]): void {
    if (this.#outage.alive()) this.#restarted('it answers again', out)
    this.#tracker.link = undefined
    if (!this.#outage.mute) return
    this.#outage.mute = false
    this.#askAll(now, out)
  }

  #restarted(how: string, out: Action[]): void {
    this.#tracker.restarted()
    this.#survey.forget()
    out.push(this.#outage.restarted(how))
  }

  #body({ body, source }: ManagementMessage, pushed: boolean, now: Now, out: Action[]): void {
    if (body.kind === 'data') {
      this.#survey.absorb(body.set, source.port, now.mono)
      if (body.set.name === 'SUBSCRIBE_EVENTS_NP') {
        this.#subscribed = body.set.value.events.length > 0
      } else this.#tracker.absorb(body.set, pushed, now, out)
    }
    if (body.kind === 'error') this.#refused(body, out)
  }

  #refused({ id, errorId }: ManagementBody & { readonly kind: 'error' }, out: Action[]): void {
    const name = dataSetOf(id)
    out.push(note('management-error', `${idName(id)}: ${errorName(errorId)}`))
    if (name !== undefined) this.#survey.refuse(name, errorName(errorId))
    if (name === 'PORT_HWCLOCK_NP') this.#tracker.hardwareClockUnknown(out)
    if (name === 'SUBSCRIBE_EVENTS_NP') this.#subscribed = false
  }
}

/** `port:2`, the key under which a port's PHC is asked for. */
const portOf = (key: string): number => Number(key.slice('port:'.length))

const absence = (fault: PortFault, socket: string): string =>
  fault.code === 'NOT_FOUND' || fault.code === 'REFUSED'
    ? `ptp4l is not running: nobody listens at ${socket}`
    : describeFault(fault)
