/**
 * A clock port that tells what was done to the clock, for those at the edge who keep readings of it:
 * the same step and change of frequency that the core hears of as ClockChange.
 */
import type { ClockChange } from '../core/clock-change.ts'
import { nanos, type Ppb, ppb } from '../core/units.ts'
import type { ClockAdjustment, ClockEffect, ClockPort } from '../ports/clock.ts'

export function observedClock(port: ClockPort, changed: (change: ClockChange) => void): ClockPort {
  let frequency: Ppb | undefined

  const tell = (effect: ClockEffect & { readonly ok: true }, was: Ppb | undefined): void => {
    const difference = ppb(was === undefined ? 0 : effect.frequency - was)
    if (effect.step === 0n && difference === 0) return
    const { step, at } = effect
    const uncertainty = nanos(0)
    const change = { step, frequency: difference, at: at.mono, uncertainty, foreign: false }
    changed({ ...change, clock: port.name })
  }

  return {
    name: port.name,
    get capabilities() {
      return port.capabilities
    },
    close: () => port.close?.(),
    status: () => {
      const status = port.status()
      // somebody else may have changed it: the difference counts from here
      if (!('fault' in status)) frequency = status.frequency
      return status
    },
    adjust: (adjustment: ClockAdjustment) => {
      const effect = port.adjust(adjustment)
      if (effect.ok) tell(effect, frequency)
      if (effect.ok) frequency = effect.frequency
      return effect
    },
  }
}
