/** What an exchange measured on its way to becoming a sample: tests B to D, stratum, filter. */
import type { NtpSourceConfig } from '../config/types.ts'
import type { ClockChange } from '../core/clock-change.ts'
import type { Sample } from '../core/sample.ts'
import { NtpFilter } from './ntp-filter.ts'
import { ownAddresses } from './ntp-networks.ts'
import { NtpScreen, type Refusal } from './ntp-screen.ts'

export class NtpIntake {
  readonly #minStratum: number
  readonly #screen: NtpScreen
  readonly #filter: NtpFilter

  constructor(config: NtpSourceConfig, networks: readonly string[]) {
    this.#minStratum = config.minStratum
    this.#screen = new NtpScreen({ ...config, own: ownAddresses(networks) })
    this.#filter = new NtpFilter(config.filter)
  }

  /** Polls that wait for the rest of their sample. */
  get filled(): number {
    return this.#filter.filled
  }

  /** Why a measurement is not good enough; undefined: it is. */
  judge(sample: Sample): Refusal | undefined {
    return this.#screen.judge(sample)
  }

  /** A good measurement; the sample that it completes. */
  add(good: Sample): Sample | undefined {
    return this.#filter.add({ ...good, stratum: Math.max(good.stratum, this.#minStratum) })
  }

  /** Another server, or another time scale. */
  forget(): void {
    this.#screen.forget()
    this.#filter.forget()
  }

  changed(change: ClockChange): void {
    this.#screen.changed(change)
    this.#filter.changed(change)
  }
}
