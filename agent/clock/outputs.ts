/**
 * The pulses that a PHC puts out. Nobody is to be shown a wrong second: they begin with the first lock, or
 * at once where something else steers the PHC, and go on in holdover, and after the agent has ended. A
 * step moves the PHC past the second that its outputs were set up for, so they are set up again; a
 * driver that was reset has forgotten them, so they are asked for every now and then.
 */
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Action, Event, Machine, Now, Standing } from '../core/machine.ts'
import type { PulseOutput } from '../core/pulse.ts'
import type { ClockName } from '../core/sample.ts'
import { type Instant, plus, seconds } from '../core/units.ts'

const REMIND = seconds(10)

/** Its second may be shown to others. */
const isPresentable = ({ steered, state }: Standing): boolean =>
  !steered || state === 'locked' || state === 'holdover'

export class Outputs implements Machine {
  readonly id: string
  readonly #clock: ClockName
  readonly #outputs: readonly PulseOutput[]
  /** The PHC was stepped since. */
  #again = false
  #dueAt: Instant<'mono'> | undefined
  /** What was told last of each that failed. */
  readonly #failed = new Map<string, string>()

  constructor(clock: ClockName, outputs: readonly PulseOutput[]) {
    this.id = `outputs:${clock}`
    this.#clock = clock
    this.#outputs = outputs
  }

  handle(event: Event, now: Now): readonly Action[] {
    switch (event.on) {
      case 'standing':
        return event.standing.clock === this.#clock && isPresentable(event.standing)
          ? this.#emit(now)
          : []
      case 'change':
        if (event.change.clock === this.#clock && event.change.step !== 0n) {
          this.#again = true
          this.#dueAt = undefined
        }
        return []
      case 'emitted':
        return this.#emitted(event.key, event.fresh)
      case 'failed':
        return this.#refused(event.key, event.fault)
      default:
        return []
    }
  }

  #emit({ mono }: Now): readonly Action[] {
    if (this.#dueAt !== undefined && mono < this.#dueAt) return []
    const again = this.#again
    this.#again = false
    this.#dueAt = plus(mono, REMIND)
    return this.#outputs.map((output, index) => ({
      ...{ do: 'emit', key: String(index), clock: this.#clock, output, again },
    }))
  }

  #emitted(key: string, fresh: boolean): readonly Action[] {
    const failed = this.#failed.delete(key)
    return fresh || failed ? [{ do: 'note', code: 'output', detail: this.#name(key) }] : []
  }

  #refused(key: string, fault: PortFault): readonly Action[] {
    const detail = `${this.#name(key)}: ${describeFault(fault)}`
    if (this.#failed.get(key) === detail) return []
    this.#failed.set(key, detail)
    return [{ do: 'note', code: 'output-failed', detail }]
  }

  #name(key: string): string {
    const output = this.#outputs[Number(key)]
    if (output?.kind !== 'perout') return 'PPS events of the kernel'
    return `pulses every ${Number(output.period) / 1e9} s at channel ${output.channel}`
  }
}
