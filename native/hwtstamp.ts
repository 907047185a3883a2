/**
 * What a network interface stamps in hardware at present: SIOCGHWTSTAMP, which anybody may ask, and
 * SIOCSHWTSTAMP, which needs CAP_NET_ADMIN and changes it for all programs.
 *
 *   ifreq            40  0 char name[16], 16 pointer to the configuration, or i32 interface index
 *   hwtstamp_config  12  0 i32 flags, 4 i32 tx_type, 8 i32 rx_filter
 *
 * Documentation/networking/timestamping.rst section 3, linux/net_tstamp.h.
 */
import type { PortFault } from '../agent/core/errors.ts'
import { EINVAL, portFault } from './errno.ts'
import { encodeIfreq } from './ethtool.ts'
import {
  callIoctl,
  type Ioctl,
  orErrno,
  SIOCGHWTSTAMP,
  SIOCGIFINDEX,
  SIOCSHWTSTAMP,
} from './ioctl.ts'
import { bufferAddress, close, socket } from './libc.ts'
import { AF_INET } from './sockets-address.ts'
import { LITTLE_ENDIAN, scratch } from './struct.ts'

const CONFIG_SIZE = 12
const SOCK_DGRAM_CLOEXEC = 0x80002

/** Numbers of HWTSTAMP_TX_* and HWTSTAMP_FILTER_*; those with a meaning here have a name below. */
export interface HwTstampConfig {
  readonly txType: number
  readonly rxFilter: number
}

export const HWTSTAMP_TX_ON = 1
export const FILTER_NONE = 0
export const FILTER_ALL = 1
export const FILTER_NTP_ALL = 15

/** Packets of any protocol are stamped, both ways. */
export const stampsAll = ({ txType, rxFilter }: HwTstampConfig): boolean =>
  txType >= HWTSTAMP_TX_ON && (rxFilter === FILTER_ALL || rxFilter === FILTER_NTP_ALL)

export const decodeHwTstamp = (view: DataView): HwTstampConfig => ({
  txType: view.getInt32(4, LITTLE_ENDIAN),
  rxFilter: view.getInt32(8, LITTLE_ENDIAN),
})

export type HwTstampResult =
  | { readonly ok: true; readonly config: HwTstampConfig }
  | { readonly ok: false; readonly fault: PortFault }

/** Holds the one socket that questions about interfaces go through. */
export class HwTstamp {
  readonly #fd: number
  readonly #ioctl: Ioctl

  /** Where no socket can be had, each question is answered with that fault. */
  constructor(ioctl: Ioctl = callIoctl) {
    this.#fd = orErrno(socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0))
    this.#ioctl = ioctl
  }

  close(): void {
    if (this.#fd >= 0) close(this.#fd)
  }

  get(name: string): HwTstampResult {
    return this.#ask(name, SIOCGHWTSTAMP, { txType: 0, rxFilter: 0 })
  }

  /** The answer is what the driver made of it: it may stamp more than was asked for. */
  set(name: string, config: HwTstampConfig): HwTstampResult {
    return this.#ask(name, SIOCSHWTSTAMP, config)
  }

  /** The kernel's number of the interface; undefined: there is none of this name. */
  index(name: string): number | undefined {
    const ifreq = encodeIfreq(name, 0n)
    if (ifreq === undefined || this.#call(SIOCGIFINDEX, ifreq) < 0) return undefined
    return new DataView(ifreq.buffer, ifreq.byteOffset).getInt32(16, LITTLE_ENDIAN)
  }

  #ask(name: string, request: number, { txType, rxFilter }: HwTstampConfig): HwTstampResult {
    const { bytes, view } = scratch(CONFIG_SIZE)
    view.setInt32(4, txType, LITTLE_ENDIAN)
    view.setInt32(8, rxFilter, LITTLE_ENDIAN)
    const ifreq = encodeIfreq(name, bufferAddress(bytes))
    const result = ifreq === undefined ? -EINVAL : this.#call(request, ifreq)
    if (result >= 0) return { ok: true, config: decodeHwTstamp(view) }
    const call = request === SIOCGHWTSTAMP ? 'SIOCGHWTSTAMP' : 'SIOCSHWTSTAMP'
    return { ok: false, fault: portFault(`ioctl(${call})`, -result) }
  }

  #call(request: number, ifreq: Uint8Array): number {
    return this.#fd < 0 ? this.#fd : this.#ioctl(this.#fd, request, ifreq)
  }
}
