/**
 * The replies of chronyd's command protocol as tables of fields with absolute offsets: one
 * description for both directions. Units are chronyd's (seconds, ppm); see chrony's candm.h.
 */
import {
  address,
  type Fields,
  float,
  i8,
  i16,
  i32,
  type Layout,
  letter,
  timespec,
  u8,
  u16,
  u32,
  u64,
} from './chrony-layout.ts'

/** What may be asked over UDP, and (from `serverStats` on) only over the Unix socket. */
export const COMMANDS = {
  sourceCount: 14,
  sourceData: 15,
  tracking: 33,
  sourceStats: 34,
  activity: 44,
  serverStats: 54,
  ntpData: 57,
  selectData: 69,
} as const
export type ChronyCommand = keyof typeof COMMANDS

const TRACKING = {
  referenceId: [28, u32],
  /** Family 0 for a reference clock. */
  address: [32, address],
  /** 0 when not synchronised. */
  stratum: [52, u16],
  /** 0 normal, 1 insert, 2 delete, 3 not synchronised. */
  leap: [54, u16],
  /** Of the last update; blurred by up to 1 s backwards. */
  referenceTime: [56, timespec],
  /** s; positive: the system clock is slow of NTP time. */
  currentCorrection: [68, float],
  lastOffset: [72, float],
  rmsOffset: [76, float],
  /** ppm; positive: the clock runs fast without correction. */
  frequency: [80, float],
  residualFrequency: [84, float],
  skew: [88, float],
  rootDelay: [92, float],
  /** s, at the time of the reply. */
  rootDispersion: [96, float],
  lastUpdateInterval: [100, float],
} as const satisfies Layout

const SOURCE_COUNT = { count: [28, u32] } as const satisfies Layout

const SOURCE_DATA = {
  /** With mode 2 (reference clock) the first 4 bytes are its reference id. */
  address: [28, address],
  poll: [48, i16],
  stratum: [50, u16],
  /** 0 selected, 1 not selectable, 2 falseticker, 3 jittery, 4 combined, 5 selectable. */
  state: [52, u16],
  /** 0 client, 1 peer, 2 reference clock. */
  mode: [54, u16],
  flags: [56, u16],
  reach: [58, u16],
  /** s since the last good sample; 0xffffffff: never. */
  age: [60, u32],
  originalOffset: [64, float],
  offset: [68, float],
  offsetError: [72, float],
} as const satisfies Layout

const SOURCE_STATS = {
  referenceId: [28, u32],
  address: [32, address],
  samples: [52, u32],
  runs: [56, u32],
  span: [60, u32],
  deviation: [64, float],
  residualFrequency: [68, float],
  skew: [72, float],
  offset: [76, float],
  offsetError: [80, float],
} as const satisfies Layout

const ACTIVITY = {
  online: [28, i32],
  offline: [32, i32],
  burstOnline: [36, i32],
  burstOffline: [40, i32],
  unresolved: [44, i32],
} as const satisfies Layout

const NTP_DATA_16 = {
  remote: [28, address],
  local: [48, address],
  remotePort: [68, u16],
  leap: [70, u8],
  version: [71, u8],
  mode: [72, u8],
  stratum: [73, u8],
  poll: [74, i8],
  precision: [75, i8],
  rootDelay: [76, float],
  rootDispersion: [80, float],
  referenceId: [84, u32],
  referenceTime: [88, timespec],
  offset: [100, float],
  delay: [104, float],
  dispersion: [108, float],
  responseTime: [112, float],
  jitterAsymmetry: [116, float],
  /** Tests passed in bits 9..0: 1 2 3 5 6 7 A B C D; 0x4000 interleaved, 0x8000 authenticated. */
  flags: [120, u16],
  /** D daemon, K kernel, H hardware. */
  transmitStamps: [122, letter],
  receiveStamps: [123, letter],
  sent: [124, u32],
  received: [128, u32],
  valid: [132, u32],
  good: [136, u32],
  reserved0: [140, u32],
  reserved1: [144, u32],
  reserved2: [148, u32],
} as const satisfies Layout

const { reserved0, reserved1, reserved2, ...NTP_DATA_COMMON } = NTP_DATA_16
const NTP_DATA_26 = {
  ...NTP_DATA_COMMON,
  kernelTransmits: [140, u32],
  kernelReceives: [144, u32],
  hardwareTransmits: [148, u32],
  hardwareReceives: [152, u32],
  reserved3: [156, u32],
  reserved4: [160, u32],
  reserved5: [164, u32],
  reserved6: [168, u32],
} as const satisfies Layout

const SELECT_DATA = {
  referenceId: [28, u32],
  address: [32, address],
  /** The letter of chronyc's selectdata. */
  state: [52, letter],
  authenticated: [53, u8],
  leap: [54, u8],
  /** 1 noselect, 2 prefer, 4 trust, 8 require. */
  configured: [56, u16],
  effective: [58, u16],
  age: [60, u32],
  score: [64, float],
  low: [68, float],
  high: [72, float],
} as const satisfies Layout

/** chronyd up to 3.5. */
const SERVER_STATS_14 = {
  ntpHits: [28, u32],
  commandHits: [32, u32],
  ntpDrops: [36, u32],
  commandDrops: [40, u32],
  logDrops: [44, u32],
} as const satisfies Layout

/** 4.0 and 4.1. */
const SERVER_STATS_22 = {
  ntpHits: [28, u32],
  nkeHits: [32, u32],
  commandHits: [36, u32],
  ntpDrops: [40, u32],
  nkeDrops: [44, u32],
  commandDrops: [48, u32],
  logDrops: [52, u32],
  authenticatedHits: [56, u32],
} as const satisfies Layout

/** 4.2 and 4.3. */
const SERVER_STATS_24 = {
  ...SERVER_STATS_22,
  interleavedHits: [60, u32],
  stampsHeld: [64, u32],
  stampSpan: [68, u32],
} as const satisfies Layout

/** From 4.4 on. */
const SERVER_STATS_25 = {
  ntpHits: [28, u64],
  nkeHits: [36, u64],
  commandHits: [44, u64],
  ntpDrops: [52, u64],
  nkeDrops: [60, u64],
  commandDrops: [68, u64],
  logDrops: [76, u64],
  authenticatedHits: [84, u64],
  interleavedHits: [92, u64],
  stampsHeld: [100, u64],
  stampSpan: [108, u64],
  daemonReceives: [116, u64],
  daemonTransmits: [124, u64],
  kernelReceives: [132, u64],
  kernelTransmits: [140, u64],
  hardwareReceives: [148, u64],
  hardwareTransmits: [156, u64],
  reserved0: [164, u64],
  reserved1: [172, u64],
  reserved2: [180, u64],
  reserved3: [188, u64],
} as const satisfies Layout

/** Reply types by their number on the wire. */
export const REPLIES = {
  2: SOURCE_COUNT,
  3: SOURCE_DATA,
  5: TRACKING,
  6: SOURCE_STATS,
  12: ACTIVITY,
  14: SERVER_STATS_14,
  16: NTP_DATA_16,
  22: SERVER_STATS_22,
  23: SELECT_DATA,
  24: SERVER_STATS_24,
  25: SERVER_STATS_25,
  26: NTP_DATA_26,
} as const satisfies Readonly<Record<number, Layout>>

export type ReplyType = keyof typeof REPLIES

export const NAMES = {
  2: 'sourceCount',
  3: 'sourceData',
  5: 'tracking',
  6: 'sourceStats',
  12: 'activity',
  14: 'serverStats',
  16: 'ntpData',
  22: 'serverStats',
  23: 'selectData',
  24: 'serverStats',
  25: 'serverStats',
  26: 'ntpData',
} as const satisfies Readonly<Record<ReplyType, ChronyCommand>>

export const isReplyType = (type: number): type is ReplyType => Object.hasOwn(REPLIES, type)

export type Tracking = Fields<typeof TRACKING>
