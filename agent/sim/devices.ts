/**
 * The rest of the simulated node: reading a PHC against CLOCK_REALTIME, which interface has which
 * PHC, the names that resolve, and the state directory. Every member may be changed by a test.
 */
import { type CompareMethod, comparisonOf, type PairedReading } from '../core/comparison.ts'
import type { PortFault } from '../core/errors.ts'
import type { Action, Event } from '../core/machine.ts'
import type { PhcInfo } from '../ports/node.ts'
import type { SimPhc, SimSystemClock } from './clocks.ts'
import type { SeededRandom } from './random.ts'

/** How a PHC is read: PTP_SYS_OFFSET_EXTENDED over PCIe takes about 1 us; some reads take longer. */
export interface ReadOut {
  method: CompareMethod
  /** Shortest time between the two system readings, ns. */
  readNs: number
  /** Mean of the exponential part, ns. */
  jitterNs: number
  /** Standard deviation of where between them the PHC was latched, ns, and of its own resolution. */
  noiseNs: number
  /** Fails like this when set. */
  fault: PortFault | undefined
}

export const createReadOut = (readOut: Partial<ReadOut> = {}): ReadOut => ({
  method: 'extended',
  readNs: 800,
  jitterNs: 150,
  noiseNs: 8,
  fault: undefined,
  ...readOut,
})

export interface PhcDevice {
  readonly info: PhcInfo
  readonly clock: SimPhc
  readonly readOut: ReadOut
}

export interface DevicesOptions {
  readonly system: SimSystemClock
  readonly phcs: readonly PhcDevice[]
  readonly random: SeededRandom
}

export type Operation = Extract<
  Action,
  { readonly do: 'compare' | 'identify' | 'resolve' | 'load' | 'store' }
>

/** An event, and how long the operation takes. */
export interface Outcome {
  readonly ns: number
  readonly event: Event
}

const NO_DEVICE: PortFault = { code: 'NO_DEVICE', syscall: 'open', errno: 'ENODEV' }
const NO_NAME: PortFault = { code: 'NOT_FOUND', syscall: 'getaddrinfo', errno: 'ENOTFOUND' }
const NOT_VALIDATED: PortFault = { code: 'UNKNOWN', syscall: 'resolve', errno: 'ESERVFAIL' }
const NO_FILE: PortFault = { code: 'NOT_FOUND', syscall: 'open', errno: 'ENOENT' }
const FILE_NS = 100_000
const RESOLVE_NS = 5e6

type What = (Event & { readonly on: 'failed' })['what']

const failed = (what: What, key: string, fault: PortFault): Event => ({
  on: 'failed',
  what,
  key,
  fault,
})

export class Devices {
  /** Host name to addresses. */
  readonly names = new Map<string, readonly string[]>()
  /** The state directory. */
  readonly files = new Map<string, string>()
  /** Names do not resolve at all. */
  resolverDown = false
  /** The resolver of the node can validate what it is asked for. */
  canValidate: () => boolean = () => true
  readonly #options: DevicesOptions

  constructor(options: DevicesOptions) {
    this.#options = options
  }

  perform(action: Operation, t: bigint): Outcome {
    switch (action.do) {
      case 'compare':
        return this.#compare(action, t)
      case 'identify':
        return this.#identify(action)
      case 'resolve':
        return this.#resolve(action)
      case 'load':
        return this.#load(action)
      case 'store':
        return this.#store(action)
    }
  }

  #compare({ key, clock, readings }: Operation & { do: 'compare' }, t: bigint): Outcome {
    const device = this.#options.phcs.find((each) => each.clock.name === clock)
    if (device === undefined) return { ns: 0, event: failed('compare', key, NO_DEVICE) }
    const { fault, method } = device.readOut
    if (fault !== undefined) return { ns: 1000, event: failed('compare', key, fault) }
    const taken: PairedReading[] = []
    let ns = 0
    for (let i = 0; i < readings; i++) {
      const reading = this.#read(device.clock, device.readOut, t + BigInt(Math.round(ns)))
      taken.push(reading.pair)
      ns += reading.ns
    }
    return { ns, event: { on: 'compared', key, comparison: comparisonOf(method, taken) } }
  }

  #identify(action: Operation & { do: 'identify' }): Outcome {
    const { key, interface: name } = action
    const found = this.#options.phcs.find(({ info }) => info.interfaces.includes(name))
    const event: Event =
      found === undefined
        ? failed('identify', key, { code: 'NOT_SUPPORTED', syscall: 'ioctl', errno: 'EOPNOTSUPP' })
        : { on: 'identified', key, phcIndex: found.info.index }
    return { ns: FILE_NS, event }
  }

  #resolve({ key, name }: Operation & { do: 'resolve' }): Outcome {
    const addresses = this.resolverDown ? undefined : this.names.get(name)
    if (addresses === undefined) return { ns: RESOLVE_NS, event: failed('resolve', key, NO_NAME) }
    const event: Event = this.canValidate()
      ? { on: 'resolved', key, addresses }
      : failed('resolve', key, NOT_VALIDATED)
    return { ns: RESOLVE_NS, event }
  }

  #load({ key, file }: Operation & { do: 'load' }): Outcome {
    const text = this.files.get(file)
    const event: Event =
      text === undefined ? failed('load', key, NO_FILE) : { on: 'loaded', key, text }
    return { ns: FILE_NS, event }
  }

  #store({ key, file, text }: Operation & { do: 'store' }): Outcome {
    this.files.set(file, text)
    return { ns: FILE_NS, event: { on: 'stored', key } }
  }

  #read(clock: SimPhc, out: ReadOut, t: bigint): { pair: PairedReading; ns: number } {
    const { system, random } = this.#options
    const width = out.readNs + random.exponential(out.jitterNs)
    const latched = t + BigInt(Math.round(width / 2 + random.gaussian(out.noiseNs)))
    const phc = clock.read(latched)
    if (out.method === 'precise') {
      const { utc: both } = system.at(t + BigInt(Math.round(width / 2)))
      return { pair: { before: both, phc, after: both }, ns: width }
    }
    const before = system.at(t).utc
    const after = system.at(t + BigInt(Math.round(width))).utc
    return { pair: { before, phc, after }, ns: width }
  }
}
