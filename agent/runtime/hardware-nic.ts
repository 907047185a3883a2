/**
 * One network interface that stamps all packets: its PHC, the line from that to CLOCK_REALTIME, and
 * stamps of packets on it. The PHC is read before each request is sent and after each stamp, so that a
 * stamp lies between two readings and is never carried far (core/phc-line.ts).
 *
 * Whatever is in doubt is refused, and the kernel's stamp stands in: a frame that came by another
 * interface, a PHC that cannot be read well, a clock that was changed of which nobody told (a ptp4l
 * steps the PHC), a stamp more than 1 ms from that of the kernel.
 *
 * A receive stamp is taken at the preamble; NTP means the end of the packet. So the time of the frame
 * on the wire is added (as chronyd does; length of layer 2 from the kernel, 4 bytes of check sequence
 * more); where the speed is not known, that of a short frame at 1 Gb/s is uncertain. Transmit stamps
 * are the beginning of the packet, as NTP wants them.
 */
import type { FrameInfo } from '../../native/msghdr.ts'
import type { ClockChange } from '../core/clock-change.ts'
import {
  type CompareMethod,
  type Comparison,
  type NearReading,
  type PairedReading,
  readingOf,
} from '../core/comparison.ts'
import type { Now, Stamp } from '../core/machine.ts'
import { PhcLine } from '../core/phc-line.ts'
import { elapsed, type Instant, nanos, phc, plus, seconds } from '../core/units.ts'
import type { CompareResult } from '../ports/compare.ts'

/** Of a stamp of hardware from that of the kernel. */
const MAX_DIFFERENCE = 1_000_000n
const READINGS = 3
/** After a step nothing is believed for so long: packets of before it may still wait to be read. */
const DOUBT = seconds(2)
/** The others bracket more than the register, by an unknown and lopsided amount. */
const GOOD: readonly CompareMethod[] = ['precise', 'extended']
const FRAME_CHECK_SEQUENCE = 4
/** 94 bytes, as an answer over IPv4 has, at 1 Gb/s, ns. */
const UNKNOWN_FRAME = 752

export interface Nic {
  readonly name: string
  /** The kernel's number of the interface. */
  readonly index: number
  readonly phcIndex: number
  /** Mb/s; undefined: unknown. */
  readonly speed: number | undefined
}

export interface NicTools {
  readonly compare: (readings: number) => CompareResult
  readonly now: () => Now
  /** A stamp or a reading was refused: the kernel's stands in. */
  readonly refused: (detail: string) => void
}

/** The kernel's stamp of the packet, and the raw one of the interface's clock. */
export interface RawStamps {
  readonly software: bigint | undefined
  readonly hardware: bigint | undefined
  readonly frame?: FrameInfo
}

const width = ({ before, after }: NearReading): number => after - before

function narrowest(comparison: Comparison): PairedReading | undefined {
  const [best] = [...comparison.readings].sort((a, b) => width(a) - width(b))
  return best && readingOf(comparison, best)
}

export class HardwareNic {
  readonly nic: Nic
  readonly #tools: NicTools
  readonly #line = new PhcLine()
  #readAt: Instant<'mono'> | undefined
  #doubtedAt: Instant<'mono'> | undefined

  constructor(nic: Nic, tools: NicTools) {
    this.nic = nic
    this.#tools = tools
  }

  /** A packet is about to be sent: the reading before its stamp. */
  prepare(): void {
    this.#read()
  }

  /** Undefined: the kernel's stamp has to do. */
  transmitted({ hardware, software }: RawStamps): Stamp | undefined {
    return this.#convert(hardware, software)
  }

  received({ hardware, software, frame }: RawStamps): Stamp | undefined {
    if (hardware === undefined) return undefined
    if (frame?.interfaceIndex !== this.nic.index)
      return this.#refuse('stamped by another interface')
    const stamp = this.#convert(hardware, software)
    if (stamp === undefined) return undefined
    const onWire = this.#frameTime(frame)
    const dispersion = nanos((stamp.dispersion ?? 0) + (onWire === undefined ? UNKNOWN_FRAME : 0))
    return { ...stamp, at: plus(stamp.at, nanos(onWire ?? 0)), dispersion }
  }

  changed(change: ClockChange, which: 'system' | 'phc'): void {
    this.#line.move(change, which)
    // raw stamps of before it count from elsewhere
    if (which === 'phc' && change.step !== 0n) this.#doubtedAt = this.#tools.now().mono
  }

  #convert(hardware: bigint | undefined, software: bigint | undefined): Stamp | undefined {
    if (hardware === undefined || software === undefined) return undefined
    const stamp = phc(hardware)
    let converted = this.#line.convert(stamp)
    if (converted === undefined) {
      if (!this.#read()) return undefined
      converted = this.#line.convert(stamp)
    }
    if (this.#doubted) return undefined
    if (converted === undefined)
      return this.#refuse('no reading of the PHC on both sides of a stamp')
    const off = (converted.at as bigint) - software
    if (off > MAX_DIFFERENCE || off < -MAX_DIFFERENCE) {
      return this.#refuse('more than 1 ms from the stamp of the kernel')
    }
    return { ...converted, kind: 'hardware' }
  }

  get #doubted(): boolean {
    return this.#doubtedAt !== undefined && elapsed(this.#tools.now().mono, this.#doubtedAt) < DOUBT
  }

  /** False: there is no reading, which was told. */
  #read(): boolean {
    const result = this.#tools.compare(READINGS)
    const trouble = result.ok ? methodTrouble(result.comparison.method) : result.fault.code
    const best = result.ok ? narrowest(result.comparison) : undefined
    if (trouble !== '' || best === undefined) {
      this.#line.forget()
      this.#refuse(`the PHC cannot be read: ${trouble}`)
      return false
    }
    this.#add(best)
    return true
  }

  #add(reading: PairedReading): void {
    const now = this.#tools.now().mono
    const recent = this.#readAt !== undefined && elapsed(now, this.#readAt) < DOUBT
    this.#readAt = now
    // over minutes rates wander; within seconds somebody has done something
    if (this.#line.add(reading, now) || !recent) return
    this.#doubtedAt = now
    this.#refuse('its PHC or the system clock was changed by somebody else')
  }

  #refuse(detail: string): undefined {
    this.#tools.refused(`${this.nic.name}: ${detail}`)
    return undefined
  }

  #frameTime({ length }: FrameInfo): number | undefined {
    const { speed } = this.nic
    return speed === undefined ? undefined : ((length + FRAME_CHECK_SEQUENCE) * 8000) / speed
  }
}

const methodTrouble = (method: CompareMethod): string =>
  GOOD.includes(method) ? '' : `only by ${method}`
