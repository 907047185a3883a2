/**
 * A GNSS receiver whose pulse is led to every input of the simulated node: /dev/ppsN, stamped on
 * CLOCK_REALTIME after an interrupt, and the external time stamps of the PHCs. What PHCs put out is
 * written down.
 */
import type { PortFault } from '../core/errors.ts'
import type { Action } from '../core/machine.ts'
import type { PulseInput, PulseOutput } from '../core/pulse.ts'
import type { ClockName } from '../core/sample.ts'
import type { SimPhc, SimSystemClock } from './clocks.ts'
import type { Outcome } from './devices.ts'
import type { SeededRandom } from './random.ts'

/** May be changed at any time. */
export interface PulseBehaviour {
  running: boolean
  /** After the true second, ns. */
  delayNs: number
  /** Standard deviation of the receiver's pulse and of a PHC's stamp of it, ns. */
  noiseNs: number
  /** Mean of what an interrupt takes, ns. */
  latencyNs: number
  /** Both edges are stamped. */
  both: boolean
  widthNs: number
  fault: PortFault | undefined
}

export interface PulsesOptions {
  readonly system: SimSystemClock
  readonly phc: (name: ClockName) => SimPhc | undefined
  readonly random: SeededRandom
  /** True time, and true UTC of it. */
  readonly time: () => bigint
  readonly utc: (t: bigint) => bigint
  readonly after: (ns: number, run: () => void) => void
}

export interface Emission {
  readonly at: bigint
  readonly clock: ClockName
  readonly output: PulseOutput
  readonly fresh: boolean
}

type Operation = Extract<Action, { readonly do: 'pulses' | 'emit' }>

const SECOND = 1_000_000_000n
const CALL_NS = 2_000
const NO_DEVICE: PortFault = { code: 'NO_DEVICE', syscall: 'open', errno: 'ENODEV' }

export class SimPulses {
  readonly behaviour: PulseBehaviour = {
    ...{ running: true, delayNs: 0, noiseNs: 10, latencyNs: 1500 },
    ...{ both: false, widthNs: 1e8, fault: undefined },
  }
  readonly emissions: Emission[] = []
  readonly #options: PulsesOptions
  readonly #queues = new Map<string, { readonly input: PulseInput; stamps: bigint[] }>()
  readonly #outputs = new Set<string>()

  constructor(options: PulsesOptions) {
    this.#options = options
  }

  perform(action: Operation): Outcome {
    const { fault } = this.behaviour
    if (fault !== undefined) {
      return { ns: CALL_NS, event: { on: 'failed', what: action.do, key: action.key, fault } }
    }
    return action.do === 'pulses' ? this.#read(action) : this.#emit(action)
  }

  #read({ key, input }: Operation & { do: 'pulses' }): Outcome {
    if (input.kind === 'extts' && this.#options.phc(input.clock) === undefined) {
      return { ns: 0, event: { on: 'failed', what: 'pulses', key, fault: NO_DEVICE } }
    }
    if (this.#queues.size === 0) this.#next()
    const name = JSON.stringify(input)
    const queue = this.#queues.get(name) ?? { input, stamps: [] }
    this.#queues.set(name, queue)
    const { stamps } = queue
    queue.stamps = []
    return { ns: CALL_NS, event: { on: 'pulses', key, stamps } }
  }

  #emit({ key, clock, output, again }: Operation & { do: 'emit' }): Outcome {
    const name = `${clock} ${output.kind === 'kernel' ? 'kernel' : output.channel}`
    const fresh = again || !this.#outputs.has(name)
    this.#outputs.add(name)
    this.emissions.push({ at: this.#options.time(), clock, output, fresh })
    return { ns: CALL_NS, event: { on: 'emitted', key, fresh } }
  }

  /** The next true second of UTC. */
  #next(): void {
    const { time, utc, after } = this.#options
    const left = SECOND - (utc(time()) % SECOND)
    after(Number(left), () => {
      this.#pulse()
      this.#next()
    })
  }

  #pulse(): void {
    const { running, delayNs, noiseNs, both, widthNs } = this.behaviour
    if (!running) return
    const { after, random } = this.#options
    const late = Math.max(0, delayNs + 1000 + random.gaussian(noiseNs))
    // the edge itself may come before the second by its noise: it is stamped as if it did
    after(late, () => this.#stamp(1000n))
    if (both) after(late + widthNs, () => this.#stamp(1000n))
  }

  #stamp(early: bigint): void {
    const { system, phc, random, time } = this.#options
    const t = time() - early
    for (const { input, stamps } of this.#queues.values()) {
      if (input.kind === 'extts') {
        const clock = phc(input.clock)
        if (clock !== undefined) stamps.push(clock.read(t) as bigint)
      } else if (stamps.length === 0) {
        // the kernel keeps the last one only
        const latency = BigInt(Math.round(random.exponential(this.behaviour.latencyNs)))
        stamps.push((system.at(t).utc as bigint) + latency)
      }
    }
  }
}
