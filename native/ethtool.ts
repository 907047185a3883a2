/**
 * What a network interface can stamp, and with which PHC: SIOCETHTOOL on any socket. No privilege
 * needed. linux/ethtool.h, linux/net_tstamp.h.
 *
 *   ifreq                  40  0 char name[16], 16 pointer to the command's structure
 *   ethtool_ts_info        44  0 u32 cmd 0x41, 4 u32 so_timestamping, 8 i32 phc_index (-1 none),
 *                              12 u32 tx_types, 28 u32 rx_filters
 *   ethtool_link_settings  48  0 u32 cmd 0x4c, 4 u32 speed (Mb/s, all ones: unknown), 15 i8
 *                              link_mode_masks_nwords: asked with 0, the kernel answers with the
 *                              negative of the number to ask with; then 3 times as many words follow
 *   ethtool_drvinfo       196  0 u32 cmd 3, 4 char driver[32], 36 version[32], 68 fw_version[32],
 *                              100 bus_info[32]
 */
import type { PortFault } from '../agent/core/errors.ts'
import { EINVAL, portFault } from './errno.ts'
import { callIoctl, type Ioctl, orErrno, SIOCETHTOOL } from './ioctl.ts'
import { bufferAddress, close, socket } from './libc.ts'
import { LITTLE_ENDIAN, type Scratch, scratch } from './struct.ts'

const ETHTOOL_GDRVINFO = 3
const ETHTOOL_GET_TS_INFO = 0x41
const ETHTOOL_GLINKSETTINGS = 0x4c
const IFNAMSIZ = 16
const IFREQ_SIZE = 40
const TS_INFO_SIZE = 44
const LINK_SETTINGS_SIZE = 48
const DRIVER_INFO_SIZE = 196
const DRIVER_TEXT_SIZE = 32
const LINK_WORDS_AT = 15
/** SCHAR_MAX words for each of the three masks behind the structure. */
const LINK_MASKS_SIZE = 3 * 127 * 4
const AF_INET = 2
const SOCK_DGRAM_CLOEXEC = 0x80002

/** Bits of `so_timestamping` (SOF_TIMESTAMPING_*), by their number. */
const SOF = [
  'tx-hardware',
  'tx-software',
  'rx-hardware',
  'rx-software',
  'software',
  'sys-hardware',
  'raw-hardware',
] as const
/** Bits of `tx_types` (HWTSTAMP_TX_*). */
const TX = ['off', 'on', 'onestep-sync', 'onestep-p2p'] as const
/** Bits of `rx_filters` (HWTSTAMP_FILTER_*). */
const RX = [
  'none',
  'all',
  'some',
  'ptpv1-l4-event',
  'ptpv1-l4-sync',
  'ptpv1-l4-delay-req',
  'ptpv2-l4-event',
  'ptpv2-l4-sync',
  'ptpv2-l4-delay-req',
  'ptpv2-l2-event',
  'ptpv2-l2-sync',
  'ptpv2-l2-delay-req',
  'ptpv2-event',
  'ptpv2-sync',
  'ptpv2-delay-req',
  'ntp-all',
] as const

export type Stamping = (typeof SOF)[number]
export type TxType = (typeof TX)[number]
export type RxFilter = (typeof RX)[number]

export interface TsInfo {
  /** N of /dev/ptpN, -1: none. */
  readonly phcIndex: number
  readonly stamping: readonly Stamping[]
  readonly txTypes: readonly TxType[]
  readonly rxFilters: readonly RxFilter[]
}

const named = <T extends string>(bits: number, names: readonly T[]): readonly T[] =>
  names.filter((_, bit) => (bits & (1 << bit)) !== 0)

export const decodeTsInfo = (view: DataView): TsInfo => ({
  phcIndex: view.getInt32(8, LITTLE_ENDIAN),
  stamping: named(view.getUint32(4, LITTLE_ENDIAN), SOF),
  txTypes: named(view.getUint32(12, LITTLE_ENDIAN), TX),
  rxFilters: named(view.getUint32(28, LITTLE_ENDIAN), RX),
})

export interface DriverInfo {
  readonly driver: string
  /** Drivers that have none of their own tell the kernel's release. */
  readonly version: string
  readonly firmware: string
}

function driverText(bytes: Uint8Array, at: number): string {
  const field = Buffer.from(bytes.subarray(at, at + DRIVER_TEXT_SIZE))
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end < 0 ? DRIVER_TEXT_SIZE : end).trim()
}

export const decodeDriverInfo = (bytes: Uint8Array): DriverInfo => ({
  driver: driverText(bytes, 4),
  version: driverText(bytes, 36),
  firmware: driverText(bytes, 68),
})

/** `ifreq` for `name` with a pointer to `data`; undefined for a name that the kernel cannot have. */
export function encodeIfreq(name: string, address: bigint): Uint8Array | undefined {
  const text = Buffer.from(name, 'utf8')
  if (text.length === 0 || text.length >= IFNAMSIZ || text.includes(0)) return undefined
  const { bytes, view } = scratch(IFREQ_SIZE)
  bytes.set(text)
  view.setBigUint64(IFNAMSIZ, address, LITTLE_ENDIAN)
  return bytes
}

export type TsInfoResult =
  | { readonly ok: true; readonly info: TsInfo }
  | { readonly ok: false; readonly fault: PortFault }

/** Holds the one socket that questions about interfaces go through. */
export class Ethtool {
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

  tsInfo(name: string): TsInfoResult {
    const buffer = scratch(TS_INFO_SIZE)
    buffer.view.setUint32(0, ETHTOOL_GET_TS_INFO, LITTLE_ENDIAN)
    const result = this.#ask(name, buffer)
    return result < 0
      ? { ok: false, fault: portFault('ioctl(ETHTOOL_GET_TS_INFO)', -result) }
      : { ok: true, info: decodeTsInfo(buffer.view) }
  }

  /** Undefined for an interface that is not there or has no driver to tell of. */
  driverInfo(name: string): DriverInfo | undefined {
    const buffer = scratch(DRIVER_INFO_SIZE)
    buffer.view.setUint32(0, ETHTOOL_GDRVINFO, LITTLE_ENDIAN)
    return this.#ask(name, buffer) < 0 ? undefined : decodeDriverInfo(buffer.bytes)
  }

  /** Mb/s; undefined when the interface has none to tell (virtual, no link). */
  linkSpeed(name: string): number | undefined {
    const buffer = scratch(LINK_SETTINGS_SIZE + LINK_MASKS_SIZE)
    buffer.view.setUint32(0, ETHTOOL_GLINKSETTINGS, LITTLE_ENDIAN)
    if (this.#ask(name, buffer) < 0) return undefined
    const words = -buffer.view.getInt8(LINK_WORDS_AT)
    if (words <= 0) return undefined
    buffer.bytes.fill(0)
    buffer.view.setUint32(0, ETHTOOL_GLINKSETTINGS, LITTLE_ENDIAN)
    buffer.view.setInt8(LINK_WORDS_AT, words)
    if (this.#ask(name, buffer) < 0) return undefined
    const speed = buffer.view.getUint32(4, LITTLE_ENDIAN)
    return speed === 0 || speed === 0xffffffff ? undefined : speed
  }

  #ask(name: string, { bytes }: Scratch): number {
    if (this.#fd < 0) return this.#fd
    const request = encodeIfreq(name, bufferAddress(bytes))
    return request === undefined ? -EINVAL : this.#ioctl(this.#fd, SIOCETHTOOL, request)
  }
}
