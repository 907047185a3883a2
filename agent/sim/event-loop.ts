/**
 * How an event reaches the agent: late by its event loop (exponential), in the order in which it
 * happened, and not while the machine sleeps.
 */
import type { Event, Now } from '../core/machine.ts'
import type { Queue } from './queue.ts'
import type { SeededRandom } from './random.ts'

/** Made when it is delivered; undefined: nobody wants it any more. */
export type MakeEvent = (now: Now) => Event | undefined

export interface EventLoopOptions {
  readonly queue: Queue
  /** True time. */
  readonly time: () => bigint
  readonly now: () => Now
  readonly random: SeededRandom
  /** Mean delay, ns. */
  readonly latencyNs: number
  readonly give: (event: Event) => void
}

export class EventLoop {
  readonly #options: EventLoopOptions
  #lastDelivery = 0n
  #asleep = false
  #waiting: MakeEvent[] = []

  constructor(options: EventLoopOptions) {
    this.#options = options
  }

  get asleep(): boolean {
    return this.#asleep
  }

  sleep(): void {
    this.#asleep = true
  }

  /** What waited is delivered now. */
  wake(): void {
    this.#asleep = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const make of waiting) this.#process(make)
  }

  deliver(make: MakeEvent): void {
    const { queue, time, random, latencyNs } = this.#options
    const at = time() + BigInt(Math.round(random.exponential(latencyNs)))
    if (at > this.#lastDelivery) this.#lastDelivery = at
    queue.add(this.#lastDelivery, () => this.#process(make))
  }

  #process(make: MakeEvent): void {
    if (this.#asleep) {
      this.#waiting.push(make)
      return
    }
    const event = make(this.#options.now())
    if (event !== undefined) this.#options.give(event)
  }
}
