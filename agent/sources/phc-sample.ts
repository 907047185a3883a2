/**
 * Paired readings of a PHC and the system clock to a sample.
 *
 * The PHC was read somewhere between the two readings of the system clock, so the error of the
 * middle is at most half the width: that is the `delay`, of which selection counts half, and
 * `dispersion` has only what the stamps themselves can be wrong by (phc2sys takes the same middle).
 * Root figures are those of whatever steers the PHC, grown with their age. Units ns.
 */
import type { CompareMethod, PairedReading } from '../core/comparison.ts'
import type { Now, Upstream } from '../core/machine.ts'
import type { ClockName, Sample, StampKind } from '../core/sample.ts'
import { drifted, type Instant, type Nanos, nanos, plus, ppb, seconds } from '../core/units.ts'
import { width } from './phc-combine.ts'
import { elapsed } from './phc-schedule.ts'

/** PHI of RFC 5905: how fast an unattended oscillator may run away. */
const WANDER = ppb(15_000)
/** Bound of a PHC of which nothing is known; such a sample is never selected. */
const NOTHING_KNOWN = seconds(1)
/** What one pair may be wrong by beside its width, ns: counter resolution, then who read it. */
export const READING: Readonly<
  Record<CompareMethod, readonly [dispersion: number, stamps: StampKind]>
> = {
  precise: [10, 'hardware'],
  extended: [20, 'kernel'],
  basic: [50, 'kernel'],
  bracket: [100, 'daemon'],
}

/** system - PHC in UTC, exact to half a nanosecond up to 100 days, and to 2^-53 beyond. */
export function systemMinusPhc({ before, phc, after }: PairedReading, utcOffset: number): Nanos {
  const correction = BigInt(Math.round(utcOffset)) * 1_000_000_000n
  const twice = (before as bigint) + (after as bigint) - 2n * ((phc as bigint) - correction)
  return nanos(Number(twice) / 2)
}

export interface PhcContext {
  readonly source: string
  readonly phc: ClockName
  readonly method: CompareMethod
  readonly toSystem: boolean
  readonly trusted: boolean
  readonly utcOffset: number
  readonly upstream: Upstream | undefined
}

export function phcSample(reading: PairedReading, now: Now, context: PhcContext): Sample {
  const { source, phc, method, toSystem, utcOffset } = context
  const [dispersion, stamps] = READING[method]
  const offset = systemMinusPhc(reading, utcOffset)
  const at = middleOf(reading, now)
  return sampleWith(rootOf(context, at), {
    source,
    clock: toSystem ? 'system' : phc,
    at,
    offset: toSystem ? offset : nanos(0 - offset),
    delay: nanos(Number(width(reading))),
    dispersion: nanos(dispersion),
    stamps,
  })
}

type Root = Pick<Sample, 'rootDelay' | 'rootDispersion' | 'leap' | 'reference'>
/** In the order of `Sample`, so that samples of all sources are one kind of object to the engine. */
export const sampleWith = (
  root: Root,
  own: Pick<Sample, 'source' | 'clock' | 'at' | 'offset' | 'delay' | 'dispersion' | 'stamps'>,
): Sample => ({
  source: own.source,
  clock: own.clock,
  at: own.at,
  offset: own.offset,
  delay: own.delay,
  dispersion: own.dispersion,
  rootDelay: root.rootDelay,
  rootDispersion: root.rootDispersion,
  stratum: 0,
  leap: root.leap,
  reference: root.reference,
  stamps: own.stamps,
})

const NO_ROOT = { rootDelay: nanos(0), rootDispersion: nanos(0) }

/** Root figures of what is measured against a PHC (`toSystem`), or against the system clock. */
export function rootOf(
  {
    toSystem,
    upstream,
    trusted,
    phc,
  }: Pick<PhcContext, 'toSystem' | 'upstream' | 'trusted' | 'phc'>,
  at: Instant<'mono'>,
): Root {
  if (!toSystem) return { ...NO_ROOT, leap: 'none', reference: 'system' }
  if (upstream === undefined) {
    return trusted
      ? { ...NO_ROOT, leap: 'none', reference: phc }
      : { ...NO_ROOT, rootDispersion: NOTHING_KNOWN, leap: 'unknown', reference: '' }
  }
  const age = nanos(Math.max(0, elapsed(at, upstream.at)))
  return {
    rootDelay: upstream.rootDelay,
    // the PHC is as far from its grandmaster as ptp4l last saw it, and further since
    rootDispersion: nanos(
      upstream.rootDispersion + Math.abs(upstream.offset) + drifted(WANDER, age),
    ),
    leap: upstream.synchronized ? upstream.leap : 'unknown',
    reference: upstream.reference,
  }
}

/** When the pair was taken, on the monotonic clock; now, if the system clock was stepped since. */
export function middleOf({ before, after }: PairedReading, now: Now): Instant<'mono'> {
  const age = (now.utc as bigint) - ((before as bigint) + (after as bigint)) / 2n
  if (age < 0n || age > 1_000_000_000n) return now.mono
  return plus(now.mono, nanos(-Number(age)))
}
