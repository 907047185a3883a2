/** Puts CLOCK_REALTIME of the virtual machine where a scenario wants it. */
import { readFileSync } from 'node:fs'
import { CLOCK_REALTIME, callClockAdjtime } from '../../native/clock-id.ts'
import {
  decodeTimex,
  encodeRead,
  encodeSystemChange,
  TIMEX_SIZE,
  type Timex,
} from '../../native/timex.ts'
import type { Lab } from './lab.ts'

/** A clock that nobody has touched yet, `offset` ns ahead of the truth (behind it when negative). */
export function resetSystemClock(lab: Lab, offset: number): void {
  change({ frequencyPpb: 0, synchronized: false, maxErrorNs: 16e9, tai: 0 })
  change({ stepNs: BigInt(Math.round(offset - lab.truth().system)) })
}

/** Somebody steps the clock by so many ns. */
export const stepSystemClock = (by: number): void => change({ stepNs: BigInt(Math.round(by)) })

/** TAI - UTC in seconds, as a program finds it that takes it from the kernel. */
export const setKernelTai = (tai: number): void => change({ tai })

/** What is dialled, ppb. */
export const systemFrequency = (): number => read().frequencyPpb

/** TAI - UTC as the kernel has it, s. */
export const kernelTai = (): number => read().tai

function read(): Timex {
  const timex = new Uint8Array(TIMEX_SIZE)
  const view = new DataView(timex.buffer)
  encodeRead(view)
  callClockAdjtime(CLOCK_REALTIME, timex)
  return decodeTimex(view)
}

function change(wanted: Parameters<typeof encodeSystemChange>[1]): void {
  // the lab's programs could be started by hand on a machine whose clock is not theirs to move
  if (!readFileSync('/proc/cmdline', 'utf8').includes('lab.scenario=')) {
    throw new Error('not inside the lab')
  }
  const timex = new Uint8Array(TIMEX_SIZE)
  encodeSystemChange(new DataView(timex.buffer), wanted, 0)
  const result = callClockAdjtime(CLOCK_REALTIME, timex)
  if (result < 0) throw new Error(`clock_adjtime: errno ${-result}`)
}
