/**
 * What the simulated node is made of: its crystals, clocks and PHCs when the world begins, and the
 * same told to the agent as the facts of its node.
 */
import type { ClockName } from '../core/sample.ts'
import { ppb } from '../core/units.ts'
import type { KeyPort } from '../ports/keys.ts'
import type { Node, NodeInfo, PhcInfo } from '../ports/node.ts'
import { KERNEL_GRANULARITY, type SimClockOptions, SimPhc, SimSystemClock } from './clocks.ts'
import { createReadOut, type PhcDevice, type ReadOut } from './devices.ts'
import { Oscillator } from './oscillator.ts'
import type { SeededRandom } from './random.ts'

/** True UTC when the world begins: 2026-06-01T00:00:00Z. */
export const EPOCH = 1_780_272_000_000_000_000n
/** TAI - UTC, seconds. */
export const TAI_OFFSET = 37

const SECOND = 1_000_000_000n

export const utcAt = (t: bigint): bigint => EPOCH + t
export const taiAt = (t: bigint): bigint => EPOCH + t + BigInt(TAI_OFFSET) * SECOND

/** A clock when the world begins. */
export interface ClockSetup {
  /** Local - true, seconds. */
  readonly offset?: number
  /** Frequency error of the crystal, ppb. */
  readonly frequencyPpb?: number
  /** Random walk, ppb per second. */
  readonly wanderPpb?: number
  /** Dialled already, ppb. */
  readonly dialledPpb?: number
  readonly maxFrequencyPpb?: number
  readonly granularityPpb?: number
}

export interface PhcSetup extends ClockSetup {
  readonly name: ClockName
  readonly info: PhcInfo
  readonly readOut?: Partial<ReadOut>
}

export interface WorldOptions {
  readonly seed: string
  /** True UTC when the world begins; absent: EPOCH. */
  readonly epoch?: bigint
  readonly system?: ClockSetup
  readonly phcs?: readonly PhcSetup[]
  readonly info?: Partial<Omit<NodeInfo, 'phcs'>>
  /** Symmetric keys of the node. */
  readonly keys?: KeyPort
  /** Mean delay of the agent's event loop, ns. */
  readonly latencyNs?: number
  /** Standard deviation of kernel time stamps, ns. */
  readonly stampNoiseNs?: number
}

/** What the tick and frequency of struct timex allow without changing the tick, and an igb's range. */
const SYSTEM_MAX_PPB = 500_000
const PHC_MAX_PPB = 62_499_999

interface Surroundings {
  readonly time: () => bigint
  readonly random: SeededRandom
}

function clockOptions(setup: ClockSetup, start: bigint, { time, random }: Surroundings) {
  const { offset = 0, frequencyPpb = 0, wanderPpb = 1, dialledPpb = 0 } = setup
  return {
    oscillator: new Oscillator({
      frequency: ppb(frequencyPpb),
      wander: ppb(wanderPpb),
      random,
    }),
    start: start + BigInt(Math.round(offset * 1e9)),
    maxFrequency: ppb(setup.maxFrequencyPpb ?? SYSTEM_MAX_PPB),
    granularity: setup.granularityPpb ?? KERNEL_GRANULARITY,
    frequency: ppb(dialledPpb),
    time,
  } satisfies SimClockOptions
}

export function createSystemClock(
  { system = {}, epoch = EPOCH }: WorldOptions,
  { time, random }: Surroundings,
): SimSystemClock {
  const own = random.fork('oscillator system')
  return new SimSystemClock(clockOptions(system, epoch, { time, random: own }))
}

export function createPhcs(
  { phcs = [], epoch = EPOCH }: WorldOptions,
  system: SimSystemClock,
  { time, random }: Surroundings,
): PhcDevice[] {
  return phcs.map(({ name, info, readOut, ...setup }) => {
    const own = random.fork(`oscillator ${name}`)
    const wide = { maxFrequencyPpb: PHC_MAX_PPB, ...setup }
    const options = clockOptions(wide, epoch + BigInt(TAI_OFFSET) * SECOND, { time, random: own })
    return { info, clock: new SimPhc(name, options, system), readOut: createReadOut(readOut) }
  })
}

export function createNode(
  { info, keys }: WorldOptions,
  system: SimSystemClock,
  phcs: readonly PhcDevice[],
  random: SeededRandom,
): Node {
  return {
    info: {
      hostname: 'sim',
      ptp4lSockets: [],
      chronyd: false,
      resolvConf: '',
      ...info,
      phcs: phcs.map((each) => each.info),
    },
    random: random.fork('agent'),
    keys,
    clock: (name) =>
      name === 'system' ? system : phcs.find((each) => each.clock.name === name)?.clock,
  }
}
