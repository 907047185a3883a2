/**
 * PHC readings against CLOCK_REALTIME for the runner: `ports/compare.ts` over /dev/ptpN, opened for
 * reading. A device is opened when it is first asked for, keeps the method it was found to have, and
 * is opened anew after it was gone (driver reset, hot unplug).
 */
import { PTP_CALLS, type PtpCalls, PtpClock } from '../../native/ptp-clock.ts'
import type { ClockName } from '../core/sample.ts'
import type { ComparePort, CompareResult } from '../ports/compare.ts'
import { explained } from './fault-facts.ts'

export interface Comparer extends ComparePort {
  close(): void
}

export function createComparer(
  /** Path of the device of a clock; undefined: no such clock here. Asked at each opening. */
  deviceOf: (clock: ClockName) => string | undefined,
  calls: PtpCalls = PTP_CALLS,
): Comparer {
  const open = new Map<ClockName, PtpClock>()

  const drop = (name: ClockName): void => {
    open.get(name)?.close()
    open.delete(name)
  }

  const compare = (name: ClockName, readings: number): CompareResult => {
    let clock = open.get(name)
    if (clock === undefined) {
      const device = deviceOf(name)
      if (device === undefined) {
        return { ok: false, fault: { code: 'NO_DEVICE', syscall: `open(${name})`, errno: '' } }
      }
      const opened = PtpClock.open(device, false, calls)
      if (!opened.ok) return { ok: false, fault: explained(opened.fault, device) }
      clock = opened.clock
      open.set(name, clock)
    }
    const result = clock.compare(readings)
    if (!result.ok && result.fault.code === 'NO_DEVICE') drop(name)
    return result
  }

  return {
    compare,
    close: () => {
      for (const name of [...open.keys()]) drop(name)
    },
  }
}
