/**
 * The Linux clocks behind `ports/clock.ts`: CLOCK_REALTIME and /dev/ptpN by clock_adjtime(2).
 *
 * Nothing is adjusted by accident: a port adjusts only when it was made with `drive: true`, and
 * `readOnly: true` overrides that. Otherwise `adjust` is a PERMISSION fault without a system call,
 * and a PHC is opened for reading only. Whether CLOCK_REALTIME may be adjusted is read from the
 * effective capabilities (CAP_SYS_TIME), not tried.
 *
 * After each adjustment the clock is read back: the effect carries what is in effect, not what was
 * asked for. A frequency beyond the clock's range is clamped here, so the effect shows that, too.
 */
import {
  CLOCK_REALTIME,
  type ClockAdjtime,
  callClockAdjtime,
  readClockPair,
} from '../../native/clock-id.ts'
import { portFault } from '../../native/errno.ts'
import { PTP_CALLS, type PtpCalls, PtpClock } from '../../native/ptp-clock.ts'
import { type Scratch, scratch } from '../../native/struct.ts'
import {
  decodeTimex,
  encodePhcFrequency,
  encodePhcStep,
  encodeRead,
  encodeSystemChange,
  isEncodable,
  MAX_SYSTEM_PPB,
  STA,
  TIMEX_SIZE,
  type Timex,
  type TimexChange,
} from '../../native/timex.ts'
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Now } from '../core/machine.ts'
import type { ClockName, LeapWarning } from '../core/sample.ts'
import { mono, nanos, type Ppb, ppb, utc } from '../core/units.ts'
import type {
  ClockAdjustment,
  ClockCapabilities,
  ClockEffect,
  ClockPort,
  ClockStatus,
} from '../ports/clock.ts'
import { explained, readSysTime } from './fault-facts.ts'

export interface ClockOptions {
  /** Steer this clock. Without it the port only reads. */
  readonly drive?: boolean
  /** Refuse every adjustment, whatever `drive` says. */
  readonly readOnly?: boolean
  readonly now?: () => Now
  readonly clockAdjtime?: ClockAdjtime
  /** Where the capabilities of this process are read. */
  readonly processStatus?: string
  readonly ptpCalls?: PtpCalls
}

type Failed = { readonly ok: false; readonly fault: PortFault }

const SYSCALL = 'clock_adjtime'
const READING = 'clock_adjtime(read)'

const failed = (errno: number, device: string, syscall = SYSCALL): Failed => ({
  ok: false,
  fault: explained(portFault(syscall, errno), device),
})
const refused: Failed = { ok: false, fault: { code: 'PERMISSION', syscall: SYSCALL, errno: '' } }
const outOfRange: Failed = {
  ok: false,
  fault: { code: 'OUT_OF_RANGE', syscall: SYSCALL, errno: '' },
}

/** Both clocks of the node at this moment. */
export function readNow(): Now {
  const pair = readClockPair()
  return { mono: mono(pair.mono), utc: utc(pair.utc) }
}

const leapOf = (status: number): LeapWarning =>
  (status & STA.INS) !== 0 ? 'insert' : (status & STA.DEL) !== 0 ? 'delete' : 'none'

const statusOf = (timex: Timex, at: Now): ClockStatus => ({
  at,
  frequency: ppb(timex.frequencyPpb),
  pll: (timex.status & STA.PLL) !== 0,
  synchronized: (timex.status & STA.UNSYNC) === 0,
  maxError: nanos(timex.maxErrorNs),
  estimatedError: nanos(timex.estimatedErrorNs),
  taiOffset: timex.tai,
  leap: leapOf(timex.status),
})

/** What is no number stays none, to be refused: a clamped infinity would be an order at full speed. */
const clamp = (frequency: Ppb, limit: Ppb): number =>
  Number.isFinite(frequency) ? Math.max(-limit, Math.min(limit, frequency)) : frequency

/** The adjustment in the words of `native/timex.ts`, its frequency within `limit`. */
const changeOf = (adjustment: ClockAdjustment, limit: Ppb): TimexChange => ({
  ...(adjustment.frequency !== undefined && {
    frequencyPpb: clamp(adjustment.frequency, limit),
  }),
  ...(adjustment.step !== undefined && { stepNs: adjustment.step }),
  ...(adjustment.maxError !== undefined && { maxErrorNs: adjustment.maxError }),
  ...(adjustment.estimatedError !== undefined && { estimatedErrorNs: adjustment.estimatedError }),
  ...(adjustment.synchronized !== undefined && { synchronized: adjustment.synchronized }),
  ...(adjustment.taiOffset !== undefined && { tai: adjustment.taiOffset }),
  ...(adjustment.leap !== undefined && { leap: adjustment.leap }),
})

/** Why a port that was not made to drive does not adjust. */
const notDriven = ({ drive, readOnly }: ClockOptions): string => {
  if (readOnly === true) return 'this agent is read-only'
  return drive === true ? '' : 'not in drive mode'
}

interface Applied {
  /** Empty: CLOCK_REALTIME. */
  readonly device: string
  readonly clockId: number
  readonly adjtime: ClockAdjtime
  readonly buffer: Scratch
  readonly now: () => Now
}

function readTimex({ clockId, adjtime, buffer, device }: Applied): Timex | Failed {
  encodeRead(buffer.view)
  const result = adjtime(clockId, buffer.bytes)
  return result < 0 ? failed(-result, device, READING) : decodeTimex(buffer.view)
}

/** The effect as it can be seen afterwards; `at` is the moment right after the adjustment. */
function readBack(applied: Applied, at: Now, step: bigint): ClockEffect {
  const after = readTimex(applied)
  return 'ok' in after ? after : { ok: true, at, frequency: ppb(after.frequencyPpb), step }
}

const SYSTEM_LIMIT = ppb(MAX_SYSTEM_PPB)

/** CLOCK_REALTIME. */
export function createSystemClock(options: ClockOptions = {}): ClockPort {
  const applied: Applied = {
    device: '',
    clockId: CLOCK_REALTIME,
    adjtime: options.clockAdjtime ?? callClockAdjtime,
    buffer: scratch(TIMEX_SIZE),
    now: options.now ?? readNow,
  }
  const permitted = readSysTime(options.processStatus)
  const reason = notDriven(options) || (permitted ? '' : 'CAP_SYS_TIME is missing')
  const capabilities = { adjustable: reason === '', maxFrequency: SYSTEM_LIMIT, reason }

  const adjust = (adjustment: ClockAdjustment): ClockEffect => {
    if (!capabilities.adjustable) return refused
    const change = changeOf(adjustment, SYSTEM_LIMIT)
    if (!isEncodable(change)) return outOfRange
    const before = readTimex(applied)
    if ('ok' in before) return before
    const modes = encodeSystemChange(applied.buffer.view, change, before.status)
    const result = modes === 0 ? 0 : applied.adjtime(CLOCK_REALTIME, applied.buffer.bytes)
    const at = applied.now()
    return result < 0 ? failed(-result, '') : readBack(applied, at, adjustment.step ?? 0n)
  }
  return {
    name: 'system',
    capabilities,
    status: () => {
      const timex = readTimex(applied)
      return 'ok' in timex ? timex : statusOf(timex, applied.now())
    },
    adjust,
  }
}

/** The device, for writing where it is to be driven and may be; else for reading, and why. */
function openDevice(device: string, reason: string, calls: PtpCalls) {
  if (reason !== '') return { ...PtpClock.open(device, false, calls), reason }
  const writable = PtpClock.open(device, true, calls)
  if (writable.ok || writable.fault.code === 'NOT_FOUND') return { ...writable, reason: '' }
  const why = `${device} is not open for writing: ${describeFault(explained(writable.fault, device))}`
  return { ...PtpClock.open(device, false, calls), reason: why }
}

/** One thing per call: first the frequency, so that the step is the last thing that happens. */
function adjustPhc(applied: Applied, adjustment: ClockAdjustment, limit: Ppb): ClockEffect {
  const { clockId, adjtime, buffer, device } = applied
  const { frequencyPpb, stepNs: step = 0n } = changeOf(adjustment, limit)
  if (!isEncodable({ frequencyPpb: frequencyPpb ?? 0, stepNs: step })) return outOfRange
  if (frequencyPpb !== undefined) {
    encodePhcFrequency(buffer.view, frequencyPpb)
    const result = adjtime(clockId, buffer.bytes)
    if (result < 0) return failed(-result, device)
  }
  if (step !== 0n) {
    encodePhcStep(buffer.view, step)
    const result = adjtime(clockId, buffer.bytes)
    if (result < 0) return failed(-result, device)
  }
  return readBack(applied, applied.now(), step)
}

/** A PHC; a fault when its device cannot even be read. */
export function createPhcClock(
  name: ClockName,
  device: string,
  options: ClockOptions = {},
): { readonly ok: true; readonly port: ClockPort; readonly close: () => void } | Failed {
  const opened = openDevice(device, notDriven(options), options.ptpCalls ?? PTP_CALLS)
  if (!opened.ok) return { ok: false, fault: explained(opened.fault, device) }
  const { clock } = opened
  const caps = clock.caps()
  if (!caps.ok) {
    clock.close()
    return caps
  }
  const applied: Applied = {
    device,
    clockId: clock.clockId,
    adjtime: options.clockAdjtime ?? callClockAdjtime,
    buffer: scratch(TIMEX_SIZE),
    now: options.now ?? readNow,
  }
  const maxFrequency = ppb(caps.caps.maxAdjustPpb)
  const reason = opened.reason || (maxFrequency > 0 ? '' : 'the device takes no frequency')
  const capabilities: ClockCapabilities = { adjustable: reason === '', maxFrequency, reason }
  const port: ClockPort = {
    name,
    capabilities,
    status: () => {
      const timex = readTimex(applied)
      return 'ok' in timex ? timex : statusOf(timex, applied.now())
    },
    adjust: (adjustment) =>
      capabilities.adjustable ? adjustPhc(applied, adjustment, maxFrequency) : refused,
  }
  return { ok: true, port, close: () => clock.close() }
}
