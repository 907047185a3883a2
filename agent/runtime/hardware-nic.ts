/**
 * One network interface that stamps all packets: its PHC, the line from that to CLOCK_REALTIME, and
 * stamps of packets on it. The PHC is read beside each packet, so that a stamp is never carried far.
 *
 * A receive stamp is taken at the preamble; NTP means the end of the packet. So the time of the frame
 * on the wire is added (as chronyd does; length of layer 2 from the kernel, 4 bytes of check sequence
 * more); where speed or length are not known, that of a short frame at 1 Gb/s is uncertain. Transmit
 * stamps are the beginning of the packet, as NTP wants them.
 */
import type { FrameInfo } from '../../native/msghdr.ts'
import type { PtpClock } from '../../native/ptp-clock.ts'
import type { ClockChange } from '../core/clock-change.ts'
import type { PairedReading } from '../core/comparison.ts'
import type { Now, Stamp } from '../core/machine.ts'
import { PhcLine } from '../core/phc-line.ts'
import { type Instant, nanos, phc, plus, utc } from '../core/units.ts'

/** Of a stamp of hardware from that of the kernel; chronyd has 1 s, which a leap second would pass. */
const MAX_DIFFERENCE = 500_000_000n
const READINGS = 3
const FRAME_CHECK_SEQUENCE = 4
/** 94 bytes, as an answer over IPv4 has, at 1 Gb/s, ns. */
const UNKNOWN_FRAME = 752

export interface Nic {
  readonly name: string
  readonly phcIndex: number
  /** Mb/s; undefined: unknown. */
  readonly speed: number | undefined
}

export interface NicTools {
  readonly clock: Pick<PtpClock, 'compare' | 'close'>
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

const width = ({ before, after }: PairedReading): bigint => (after as bigint) - (before as bigint)

export class HardwareNic {
  readonly nic: Nic
  readonly #tools: NicTools
  readonly #line = new PhcLine()
  /** CLOCK_REALTIME of the last step of the PHC: raw stamps of before it count from elsewhere. */
  #stepped: Instant<'utc'> | undefined

  constructor(nic: Nic, tools: NicTools) {
    this.nic = nic
    this.#tools = tools
  }

  /** Undefined: the kernel's stamp has to do. */
  transmitted({ hardware, software }: RawStamps): Stamp | undefined {
    return this.#convert(hardware, software)
  }

  received({ hardware, software, frame }: RawStamps): Stamp | undefined {
    const stamp = this.#convert(hardware, software)
    if (stamp === undefined) return undefined
    const onWire = this.#frameTime(frame)
    const dispersion = nanos((stamp.dispersion ?? 0) + (onWire === undefined ? UNKNOWN_FRAME : 0))
    return { ...stamp, at: plus(stamp.at, nanos(onWire ?? 0)), dispersion }
  }

  changed(change: ClockChange, which: 'system' | 'phc'): void {
    this.#line.move(change, which)
    if (which === 'phc' && change.step !== 0n) this.#stepped = this.#tools.now().utc
  }

  close(): void {
    this.#tools.clock.close()
  }

  #convert(hardware: bigint | undefined, software: bigint | undefined): Stamp | undefined {
    if (hardware === undefined || software === undefined) return undefined
    if (this.#stepped !== undefined && software <= this.#stepped) {
      return this.#refuse('the PHC was stepped since')
    }
    if (!this.#read()) return undefined
    const converted = this.#line.convert(phc(hardware))
    if (converted === undefined) return this.#refuse('the stamp is seconds away from the clock')
    const off = (converted.at as bigint) - software
    if (off > MAX_DIFFERENCE || off < -MAX_DIFFERENCE) {
      return this.#refuse('more than 0.5 s from the stamp of the kernel')
    }
    const { at, dispersion } = converted
    return { at: utc(at), kind: 'hardware', dispersion }
  }

  #read(): boolean {
    const result = this.#tools.clock.compare(READINGS)
    if (!result.ok) {
      this.#line.forget()
      this.#refuse(`the PHC cannot be read: ${result.fault.code}`)
      return false
    }
    const at = this.#tools.now().mono
    const best = [...result.comparison.readings].sort((a, b) => Number(width(a) - width(b)))[0]
    if (best !== undefined) this.#line.add(best, at)
    return true
  }

  #refuse(detail: string): undefined {
    this.#tools.refused(`${this.nic.name}: ${detail}`)
    return undefined
  }

  #frameTime(frame: FrameInfo | undefined): number | undefined {
    const { speed } = this.nic
    if (frame === undefined || frame.length === 0 || speed === undefined) return undefined
    return ((frame.length + FRAME_CHECK_SEQUENCE) * 8000) / speed
  }
}
