/**
 * One writer per clock: notices when somebody else changes a clock that we measure or steer.
 *
 *   frequency   read back, compared with what we dialled last
 *   status      the kernel's own loop switched on (ADJ_OFFSET), TAI offset changed
 *   step        CLOCK_REALTIME moved against CLOCK_MONOTONIC, which no step moves; a machine that was
 *               suspended looks the same, and is treated the same; a second at UTC midnight that the
 *               kernel was told of is its leap second, and nobody's step
 *
 * What is found is reported once; then the guard takes the new state as the one to compare with.
 */
import type { Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { Ppb } from '../core/units.ts'
import type { ClockStatus } from '../ports/clock.ts'

/** The kernel keeps 2^-16 ppm (0.015 ppb); a PHC rounds to its own grain. */
const SAME_FREQUENCY = 1
/** Reading the two clocks one after the other is good to microseconds. */
const STEP_NS = 500_000n

/** What it adds to TAI - UTC. */
const BY = { none: 0, insert: 1, delete: -1, unknown: 0 } as const

const SECOND = 1_000_000_000n
const DAY = 86_400n * SECOND
/** A leap second is seen at the next look, and that is never this late. */
const MIDNIGHT = 120n * SECOND
/** Two seconds before, as a second that is inserted is gone through twice. */
const isMidnight = (utc: bigint): boolean => (utc + 2n * SECOND) % DAY < MIDNIGHT

const isStep = (moved: bigint): boolean => moved <= -STEP_NS || moved >= STEP_NS
const differenceOf = ({ utc, mono }: Now): bigint => (utc as bigint) - (mono as bigint)

export interface Finding {
  readonly code: NoteCode
  readonly detail: string
}

export interface Findings {
  readonly findings: readonly Finding[]
  /** Foreign step in ns, added to the clock; 0n: none. */
  readonly step: bigint
  /** A leap second that the kernel inserted (1) or deleted (-1); 0: none. */
  readonly leap: 1 | -1 | 0
  /** Foreign change of frequency; 0: none. */
  readonly frequency: number
}

export class Guard {
  readonly #isSystem: boolean
  #frequency: Ppb | undefined
  #difference: bigint | undefined
  #taiOffset: number | undefined
  #pll = false
  /** What the kernel was told to do at midnight, as last seen. */
  #leap: ClockStatus['leap'] = 'none'

  constructor(isSystem: boolean) {
    this.#isSystem = isSystem
  }

  /** We did this: the next reading shall show it. */
  expect(frequency: Ppb, step: bigint): void {
    this.#frequency = frequency
    if (this.#difference !== undefined && this.#isSystem) this.#difference += step
  }

  expectTai(offset: number): void {
    this.#taiOffset = offset
  }

  /** Looks like a step; a reading that was interrupted between its two clocks does, too. */
  suspects({ at }: ClockStatus): boolean {
    return this.#isSystem && this.#difference !== undefined && isStep(this.#moved(at))
  }

  check(status: ClockStatus): Findings {
    const findings: Finding[] = []
    const frequency = this.#checkFrequency(status, findings)
    const leap = this.#isSystem ? this.#checkLeap(status, findings) : 0
    const step = this.#isSystem ? this.#checkStep(status, findings) : 0n
    if (this.#isSystem) this.#checkStatus(status, findings)
    return { findings, step, leap, frequency }
  }

  #checkFrequency({ frequency }: ClockStatus, findings: Finding[]): number {
    const last = this.#frequency
    this.#frequency = frequency
    if (last === undefined || Math.abs(frequency - last) <= SAME_FREQUENCY) return 0
    const detail = `${last.toFixed(1)} ppb became ${frequency.toFixed(1)} ppb`
    findings.push({ code: 'foreign-frequency', detail })
    return frequency - last
  }

  /** The kernel counts TAI - UTC by itself then. */
  #checkLeap({ at, leap }: ClockStatus, findings: Finding[]): Findings['leap'] {
    const told = leap === 'none' ? this.#leap : leap
    this.#leap = leap
    const moved = this.#moved(at)
    const by = BY[told]
    if (by === 0 || !isMidnight(at.utc) || isStep(moved + BigInt(by) * SECOND)) return 0
    if (!isStep(moved)) return 0
    if (this.#difference !== undefined) this.#difference -= BigInt(by) * SECOND
    if (this.#taiOffset !== undefined) this.#taiOffset += by
    const detail = by === 1 ? 'inserted: 23:59:60' : 'deleted: no 23:59:59'
    findings.push({ code: 'leap-second', detail })
    return by
  }

  #checkStep({ at }: ClockStatus, findings: Finding[]): bigint {
    const step = this.#moved(at)
    this.#difference = differenceOf(at)
    if (!isStep(step)) return 0n
    const detail = `moved by ${(Number(step) / 1e9).toFixed(6)} s: a step, or the machine slept`
    findings.push({ code: 'foreign-step', detail })
    return step
  }

  #moved(at: Now): bigint {
    return this.#difference === undefined ? 0n : differenceOf(at) - this.#difference
  }

  #checkStatus({ at, pll, taiOffset }: ClockStatus, findings: Finding[]): void {
    if (pll && !this.#pll) {
      findings.push({
        code: 'foreign-status',
        detail: 'the kernel loop is on: ADJ_OFFSET is in use',
      })
    }
    this.#pll = pll
    const last = this.#taiOffset
    // in the tick after midnight the kernel has counted a leap second that its clock does not show yet
    const by = BY[this.#leap]
    if (by !== 0 && last !== undefined && taiOffset === last + by && isMidnight(at.utc)) return
    this.#taiOffset = taiOffset
    if (last === undefined || last === taiOffset) return
    findings.push({ code: 'foreign-status', detail: `TAI offset ${last} became ${taiOffset}` })
  }
}
