/**
 * Pulses over /dev/ppsN and /dev/ptpN. A device is opened and set up when it is first asked for, and anew
 * after it was gone. External time stamps need the PHC open for writing; they are switched off again
 * at the end. Kernels before 6.7 have one queue of stamps per PHC: whoever reads first (ts2phc) has them.
 */
import { portFault } from '../../native/errno.ts'
import { PTP_CALLS, type PtpCalls, PtpClock } from '../../native/ptp-clock.ts'
import { fetchPps, PIN_CALLS, type PinCalls, PtpPins } from '../../native/ptp-pins.ts'
import type { PinFunction } from '../../native/struct.ts'
import type { PortFault } from '../core/errors.ts'
import type { PinName, PulseInput, PulseOutput } from '../core/pulse.ts'
import type { ClockName } from '../core/sample.ts'
import type { EmitResult, PulsePort, PulsesResult } from '../ports/pulses.ts'
import { explained } from './fault-facts.ts'

export interface Pulses extends PulsePort {
  close(): void
}

type Failed = { readonly ok: false; readonly fault: PortFault }
type Extts = PulseInput & { readonly kind: 'extts' }
type Perout = PulseOutput & { readonly kind: 'perout' }

const SECOND = 1_000_000_000n
/** The first edge lies this far ahead at least: setting it up takes its time. */
const AHEAD = SECOND / 2n

const failed = (code: PortFault['code'], syscall: string): Failed => ({
  ok: false,
  fault: { code, syscall, errno: '' },
})

/** Sets the pin that leads to the channel, where the device has pins that can be set. */
function setPin(
  { clock, pins }: Phc,
  wanted: PinName,
  does: PinFunction,
  channel: number,
): Failed | undefined {
  const caps = clock.caps()
  if (!caps.ok) return caps
  const count = caps.caps.pins
  if (count === 0) {
    return wanted === undefined ? undefined : failed('NOT_FOUND', `pin ${wanted} of ${clock.path}`)
  }
  const found = Array.from({ length: count }, (_, index) => pins.pin(index)).flatMap((each) =>
    each.ok ? [each.pin] : [],
  )
  const set = found.find((each) => each.function === does && each.channel === channel)
  if (wanted === undefined && set !== undefined) return undefined
  const pin = found.find(({ index, name }) => (wanted ?? 0) === index || wanted === name)
  if (pin === undefined) return failed('NOT_FOUND', `pin ${wanted} of ${clock.path}`)
  if (pin.function === does && pin.channel === channel) return undefined
  const done = pins.setPin(pin.index, does, channel)
  return done.ok ? undefined : done
}

interface Phc {
  readonly clock: PtpClock
  readonly pins: PtpPins
  /** Channels whose edges are stamped, and outputs that run. */
  readonly inputs: Set<number>
  readonly outputs: Set<string>
}

function begin(phc: Phc, { channel, pin, edge }: Extts): Failed | undefined {
  if (phc.inputs.has(channel)) return undefined
  const set = setPin(phc, pin, 'extts', channel)
  if (set !== undefined) return set
  const enabled = phc.pins.enableExtts(channel, edge)
  if (!enabled.ok) return enabled
  phc.inputs.add(channel)
  return undefined
}

/** The next whole second of the PHC that is far enough ahead, and the phase behind it. */
function startOf(time: bigint, { phase, period }: Perout): bigint {
  const first = ((time + AHEAD) / SECOND + 1n) * SECOND + phase
  // a period of less than a second needs no more than its own grid
  return period >= SECOND ? first : time + AHEAD + period - ((time + AHEAD - phase) % period)
}

function putOut(phc: Phc, output: PulseOutput): Failed | undefined {
  if (output.kind === 'kernel') {
    const done = phc.pins.enablePps(true)
    return done.ok ? undefined : done
  }
  const set = setPin(phc, output.pin, 'perout', output.channel)
  if (set !== undefined) return set
  const time = phc.clock.time()
  if (typeof time !== 'bigint') return time
  const done = phc.pins.setPerout({
    ...{ index: output.channel, periodNs: output.period, startNs: startOf(time, output) },
    ...(output.width !== undefined && { onNs: output.width }),
  })
  return done.ok ? undefined : done
}

/** An edge at one of the channels. */
interface Stamped {
  readonly index: number
  readonly time: bigint
}

class PulseDevices implements Pulses {
  readonly #deviceOf: (clock: ClockName) => string | undefined
  readonly #calls: PtpCalls
  readonly #pinCalls: PinCalls
  readonly #phcs = new Map<ClockName, Phc>()
  /** Stamps of other channels than the one that was asked for. */
  readonly #left = new Map<ClockName, Stamped[]>()
  readonly #pps = new Map<string, { readonly fd: number; sequence: number | undefined }>()

  constructor(
    deviceOf: (clock: ClockName) => string | undefined,
    calls: PtpCalls,
    pinCalls: PinCalls,
  ) {
    this.#deviceOf = deviceOf
    this.#calls = calls
    this.#pinCalls = pinCalls
  }

  read(input: PulseInput): PulsesResult {
    return input.kind === 'pps' ? this.#fetch(input) : this.#stamps(input)
  }

  emit(clock: ClockName, output: PulseOutput, again: boolean): EmitResult {
    const phc = this.#phc(clock)
    if ('fault' in phc) return phc
    const name = outputName(output)
    if (again) phc.outputs.delete(name)
    if (phc.outputs.has(name)) {
      // whether the device is still the one that was set up
      const caps = phc.clock.caps()
      return caps.ok ? { ok: true, fresh: false } : this.#gone(clock, caps)
    }
    const fault = putOut(phc, output)
    if (fault !== undefined) return this.#gone(clock, fault)
    phc.outputs.add(name)
    return { ok: true, fresh: true }
  }

  close(): void {
    for (const [name, { pins, inputs }] of this.#phcs) {
      for (const channel of inputs) pins.disableExtts(channel)
      this.#drop(name)
    }
    for (const { fd } of this.#pps.values()) this.#calls.close(fd)
    this.#pps.clear()
  }

  #phc(name: ClockName): Phc | Failed {
    const known = this.#phcs.get(name)
    if (known !== undefined) return known
    const device = this.#deviceOf(name)
    if (device === undefined) return failed('NO_DEVICE', `open(${name})`)
    const opened = PtpClock.open(device, true, this.#calls)
    if (!opened.ok) return { ok: false, fault: explained(opened.fault, device) }
    const { clock } = opened
    const pins = new PtpPins(clock.fd, this.#pinCalls)
    const phc: Phc = { clock, pins, inputs: new Set(), outputs: new Set() }
    this.#phcs.set(name, phc)
    return phc
  }

  /** What comes of a fault: a device that is not there is forgotten. */
  #gone(name: ClockName, { fault }: Failed): Failed {
    const device = this.#phcs.get(name)?.clock.path
    if (fault.code === 'NO_DEVICE') this.#drop(name)
    return { ok: false, fault: explained(fault, device) }
  }

  #drop(name: ClockName): void {
    this.#phcs.get(name)?.clock.close()
    this.#phcs.delete(name)
    this.#left.delete(name)
  }

  #stamps(input: Extts): PulsesResult {
    const phc = this.#phc(input.clock)
    if ('fault' in phc) return phc
    const begun = begin(phc, input)
    if (begun !== undefined) return this.#gone(input.clock, begun)
    const taken: Stamped[] = [...(this.#left.get(input.clock) ?? [])]
    const read = phc.pins.readExtts()
    if (!read.ok) return this.#gone(input.clock, read)
    taken.push(...read.events)
    const others = taken.filter(({ index }) => index !== input.channel)
    this.#left.set(
      input.clock,
      others.filter(({ index }) => phc.inputs.has(index)),
    )
    const stamps = taken.filter(({ index }) => index === input.channel).map(({ time }) => time)
    return { ok: true, stamps }
  }

  #fetch({ device, edge }: PulseInput & { readonly kind: 'pps' }): PulsesResult {
    let pps = this.#pps.get(device)
    if (pps === undefined) {
      const fd = this.#calls.open(device, O_RDWR_CLOEXEC)
      if (fd < 0) return { ok: false, fault: explained(portFault(`open(${device})`, -fd), device) }
      pps = { fd, sequence: undefined }
      this.#pps.set(device, pps)
    }
    const fetched = fetchPps(pps.fd, this.#pinCalls.ioctl)
    if (!fetched.ok) {
      this.#calls.close(pps.fd)
      this.#pps.delete(device)
      return fetched
    }
    const { event } = fetched
    const rising = edge === 'rising'
    const sequence = rising ? event.assertSequence : event.clearSequence
    const fresh = sequence !== 0 && sequence !== pps.sequence
    pps.sequence = sequence
    return { ok: true, stamps: fresh ? [rising ? event.assert : event.clear] : [] }
  }
}

const O_RDWR_CLOEXEC = 0o2000002

const outputName = (output: PulseOutput): string =>
  output.kind === 'kernel' ? 'kernel' : `channel ${output.channel}`

export const createPulses = (
  /** Path of the device of a clock; undefined: no such clock here. Asked at each opening. */
  deviceOf: (clock: ClockName) => string | undefined,
  calls: PtpCalls = PTP_CALLS,
  pinCalls: PinCalls = PIN_CALLS,
): Pulses => new PulseDevices(deviceOf, calls, pinCalls)
