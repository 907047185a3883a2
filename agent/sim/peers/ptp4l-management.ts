/**
 * The management socket of a simulated ptp4l: GET of the data sets that an agent asks for, SET of a
 * subscription, and the pushed notifications. As the real one: a wrong domain gets no answer, an
 * unknown id gets NO_SUCH_ID, pushes carry a counter of their own and boundary hops 1.
 */

import { encodeManagement, type ManagementMessage } from '../../sources/management.ts'
import {
  DATA_SETS,
  type DataSet,
  type DataSetName,
  dataSetOf,
} from '../../sources/management-data.ts'
import { NOTIFY, type PortIdentity } from '../../sources/management-parts.ts'
import type { PortView, Ptp4lOptions } from './ptp4l.ts'
import { dataSetFor, OWN, OWN_PORT } from './ptp4l-data.ts'

const NO_SUCH_ID = 2
const NOT_SUPPORTED = 6
const sourceOf = (name: DataSetName): PortIdentity =>
  DATA_SETS[name].level === 'port' ? OWN_PORT : OWN

interface Sender {
  readonly channel: string
  readonly now: bigint
  answer(data: Uint8Array): void
}

interface Subscription {
  readonly subscriber: PortIdentity
  readonly events: readonly number[]
  readonly until: bigint
  sequence: number
  answer(data: Uint8Array): void
}

export type ManagementOptions = Ptp4lOptions & { readonly view: () => PortView }

export class Ptp4lManagement {
  readonly #options: ManagementOptions
  readonly #subscriptions = new Map<string, Subscription>()

  constructor(options: ManagementOptions) {
    this.#options = options
  }

  receive(message: ManagementMessage, from: Sender): void {
    if (message.domain !== this.#options.domain) return
    const { id } = message.body
    const name = dataSetOf(id)
    if (message.action === 'SET') {
      this.#subscribe(message, from)
      return
    }
    if (message.action !== 'GET') return
    const set = name && this.#dataSet(name, message, from)
    if (name === undefined || set === undefined) this.#refuse(message, from, NO_SUCH_ID)
    else this.#answer(message, from, set)
  }

  /** The process is gone, and its subscriptions with it. */
  forget(): void {
    this.#subscriptions.clear()
  }

  pushSync(now: bigint): void {
    this.#push(NOTIFY.timeSync, 'TIME_STATUS_NP', now)
  }

  pushPortState(now: bigint): void {
    this.#push(NOTIFY.portState, 'PORT_DATA_SET', now)
  }

  #subscribe(message: ManagementMessage, from: Sender): void {
    const { body } = message
    const supported = this.#options.subscriptions ?? true
    if (body.kind !== 'data' || body.set.name !== 'SUBSCRIBE_EVENTS_NP' || !supported) {
      this.#refuse(message, from, NOT_SUPPORTED)
      return
    }
    const { duration, events } = body.set.value
    const key = `${message.source.clock}-${message.source.port}`
    // renewed, a subscription counts on; linuxptp clock.c updates it in place
    const sequence = this.#subscriptions.get(key)?.sequence ?? 0
    this.#subscriptions.set(key, {
      subscriber: message.source,
      events,
      until: from.now + BigInt(duration) * 1_000_000_000n,
      sequence,
      answer: from.answer,
    })
    this.#answer(message, from, body.set)
  }

  #push(event: number, name: 'TIME_STATUS_NP' | 'PORT_DATA_SET', now: bigint): void {
    for (const [key, subscription] of this.#subscriptions) {
      if (subscription.until < now) this.#subscriptions.delete(key)
      else if (subscription.events.includes(event)) this.#notify(subscription, name)
    }
  }

  #notify(subscription: Subscription, name: 'TIME_STATUS_NP' | 'PORT_DATA_SET'): void {
    const set = dataSetFor(name, this.#options, this.#options.view())
    if (set === undefined) return
    subscription.answer(
      encodeManagement({
        domain: this.#options.domain,
        source: sourceOf(name),
        target: subscription.subscriber,
        sequenceId: subscription.sequence++ & 0xffff,
        startingBoundaryHops: 1,
        boundaryHops: 1,
        action: 'RESPONSE',
        body: { kind: 'data', id: DATA_SETS[name].id, set },
      }),
    )
  }

  #answer(message: ManagementMessage, from: Sender, set: DataSet): void {
    const source = sourceOf(set.name)
    const body = { kind: 'data', id: message.body.id, set } as const
    const action = 'RESPONSE'
    from.answer(encodeManagement({ ...message, source, target: message.source, action, body }))
  }

  #refuse(message: ManagementMessage, from: Sender, errorId: number): void {
    const body = { kind: 'error', id: message.body.id, errorId, text: '' } as const
    const action = 'RESPONSE'
    from.answer(encodeManagement({ ...message, source: OWN, target: message.source, action, body }))
  }

  #dataSet(name: DataSetName, message: ManagementMessage, from: Sender): DataSet | undefined {
    if (name === 'SUBSCRIBE_EVENTS_NP') return this.#subscription(message, from)
    return dataSetFor(name, this.#options, this.#options.view())
  }

  #subscription({ source }: ManagementMessage, { now }: Sender): DataSet {
    const found = this.#subscriptions.get(`${source.clock}-${source.port}`)
    const left = found === undefined ? 0n : (found.until - now) / 1_000_000_000n
    return {
      name: 'SUBSCRIBE_EVENTS_NP',
      value: { duration: Number(left), events: found?.events ?? [] },
    }
  }
}
