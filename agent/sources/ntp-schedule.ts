/**
 * The schedule of one source: the poll state (`ntp-poll.ts`) towards the server at hand, under the
 * manners that its address asks for (`ntp-politeness.ts`).
 */
import type { NtpSourceConfig } from '../config/types.ts'
import type { Nanos } from '../core/units.ts'
import { mannersTowards, optionsInForce } from './ntp-politeness.ts'
import * as polling from './ntp-poll.ts'
import type { OptionValues } from './source.ts'

export class NtpSchedule {
  readonly #config: NtpSourceConfig
  readonly #networks: readonly string[]
  #manners
  #poll: polling.PollState
  /** Requests that had left this node when the present one was made. */
  #sentBefore = 0

  /** `networks`: addresses of the node with their prefix lengths. */
  constructor(config: NtpSourceConfig, networks: readonly string[]) {
    this.#config = config
    this.#networks = networks
    this.#manners = mannersTowards(undefined, config, networks)
    this.#poll = polling.startPoll(this.#manners.range, this.#manners.polite)
  }

  get options(): OptionValues {
    return optionsInForce(this.#config, this.#manners)
  }

  /** The request under way only warms the path. */
  get warming(): boolean {
    return this.#poll.warming
  }

  /** Another server; tells what its address changed of the configured range, or nothing. */
  begin(address: string | undefined): string {
    this.#manners = mannersTowards(address, this.#config, this.#networks)
    this.#poll = polling.startPoll(this.#manners.range, this.#manners.polite)
    return this.#manners.lifted
  }

  /** Present interval. `delay`: the last round trip, undefined while the server is not reached. */
  interval(delay: Nanos | undefined): Nanos {
    return polling.pollInterval(this.#poll, delay)
  }

  /** A request is about to be made; `sent`: how many have left this node so far. */
  asked(sent: number): void {
    this.#poll = polling.pollAsked(this.#poll)
    this.#sentBefore = sent
  }

  /** The request is over; from its beginning to the next one, `uniform` in [0, 1) spreads it. */
  over(outcome: polling.Outcome, sent: number, delay: Nanos | undefined, uniform: number): Nanos {
    const left = sent !== this.#sentBefore
    this.#poll = polling.polled(this.#poll, left ? outcome : 'unsent')
    const { state, interval } = polling.nextPoll(this.#poll, delay, left)
    this.#poll = state
    return polling.spread(interval, uniform)
  }

  rated(): void {
    this.#poll = polling.pollRated(this.#poll)
  }

  /** Everything has to be measured anew; true: a burst begins. */
  anew(): boolean {
    const before = this.#poll
    this.#poll = polling.pollAnew(before)
    return this.#poll !== before
  }
}
