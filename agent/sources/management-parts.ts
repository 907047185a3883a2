/**
 * What the data sets of ptp4l are made of: codes with their names, and layouts that several of them
 * share (IEEE 1588-2019 tables 6, 20 and 21; linuxptp's tlv.h and ddt.h).
 */
import {
  clockIdentity,
  type Field,
  flags,
  i16,
  named,
  struct,
  u8,
  u16,
  type ValueOf,
} from './management-fields.ts'

export const PORT_STATES = {
  1: 'INITIALIZING',
  2: 'FAULTY',
  3: 'DISABLED',
  4: 'LISTENING',
  5: 'PRE_MASTER',
  6: 'MASTER',
  7: 'PASSIVE',
  8: 'UNCALIBRATED',
  9: 'SLAVE',
  10: 'GRAND_MASTER',
} as const

export const STAMPINGS = {
  0: 'software',
  1: 'hardware',
  2: 'legacy',
  3: 'one-step',
  4: 'p2p-one-step',
} as const

const TIME_SOURCES = {
  16: 'ATOMIC_CLOCK',
  32: 'GNSS',
  48: 'TERRESTRIAL_RADIO',
  64: 'PTP',
  80: 'NTP',
  96: 'HAND_SET',
  144: 'OTHER',
  160: 'INTERNAL_OSCILLATOR',
} as const

export const DELAY_MECHANISMS = { 1: 'E2E', 2: 'P2P', 3: 'COMMON_P2P', 254: 'NONE' } as const

export const NETWORK_PROTOCOLS = { 1: 'UDP_IPV4', 2: 'UDP_IPV6', 3: 'IEEE_802_3' } as const

/** Bits of SUBSCRIBE_EVENTS_NP. */
export const NOTIFY = { portState: 0, timeSync: 1, parent: 2, cmlds: 3 } as const

/** 8 bytes of clock identity, u16 port number. */
export const portIdentity = struct({ clock: clockIdentity, port: u16 })
export type PortIdentity = ValueOf<typeof portIdentity>

export const clockQuality = struct({
  clockClass: u8,
  clockAccuracy: u8,
  offsetScaledLogVariance: u16,
})

export const portState = named(u8, PORT_STATES)
const timeFlags = flags(
  'leap61',
  'leap59',
  'currentUtcOffsetValid',
  'ptpTimescale',
  'timeTraceable',
  'frequencyTraceable',
  'synchronizationUncertain',
)
export const timeProperties = {
  currentUtcOffset: i16, // seconds, TAI - UTC
  flags: timeFlags,
  timeSource: named(u8, TIME_SOURCES),
}

export const dataSet = <const L extends 'clock' | 'port', T>(
  id: number,
  level: L,
  layout: Field<T>,
) => ({
  id,
  /** `clock`: one answer; `port`: one answer for each port. */
  level,
  layout,
})

/** messageType of the common header, as pmc spells it; the codes between are reserved (table 36). */
export const MESSAGE_TYPES = {
  0: 'Sync',
  1: 'Delay_Req',
  2: 'Pdelay_Req',
  3: 'Pdelay_Resp',
  8: 'Follow_Up',
  9: 'Delay_Resp',
  10: 'Pdelay_Resp_Follow_Up',
  11: 'Announce',
  12: 'Signaling',
  13: 'Management',
} as const
