/**
 * The configuration after loading: every default filled in, every duration in seconds, every name as
 * the operator wrote it. `schema.ts` is where defaults, ranges and the JSON Schema come from; this
 * type is inferred from nothing and checked against the schema by the compiler.
 */
import type { NtpOptions } from './ntp-options.ts'
import type { Ptp4lRunConfig } from './ptp4l-run.ts'

/**
 * `observe`: nobody asked us to; `follow`: something else steers it; `drive`: we do; `auto`: we do while
 * no ptp4l does (`phc2sys -a`).
 */
export type ClockMode = 'observe' | 'follow' | 'drive' | 'auto'
/** `kalman`: by estimate of offset and frequency; `pi`: linuxptp's loop. */
export type ServoName = 'kalman' | 'pi'

export interface StepConfig {
  /** Largest offset in seconds that is slewed at start; beyond it the clock is stepped. 0: never step. */
  readonly boot: number
  /** The same after somebody else stepped the clock or the machine was suspended. 0: never. */
  readonly foreign: number
  /** Beyond this offset in seconds after the first lock steering is frozen. 0: no limit. */
  readonly panic: number
}

/** Pulses at an output of a PHC. */
export interface OutputConfig {
  readonly channel: number
  /** Number or name of the pin; absent: the first. */
  readonly pin?: number | string | undefined
  /** Seconds. */
  readonly period: number
  /** From a whole second of the PHC to the rising edge, seconds. */
  readonly phase: number
  /** High time, seconds; absent: as the device likes. */
  readonly width?: number | undefined
}

export interface ClockConfig {
  readonly mode: ClockMode
  /** Clocks of this node that may steer it, by any of their names; absent: whatever can. */
  readonly reference?: readonly string[] | undefined
  readonly servo: ServoName
  /** Largest frequency used to remove an offset, ppm. */
  readonly maxSlewPpm: number
  readonly step: StepConfig
  /** Within this offset in seconds the clock counts as locked. */
  readonly lockThreshold: number
  /** Readings of a PHC per second (2^-interval style rates are given as a plain number), Hz. */
  readonly rate: number
  /** Seconds of holdover after which, or bound in seconds beyond which, the clock is free running. */
  readonly holdover: { readonly seconds: number; readonly bound: number }
  /** Pulses that a PHC puts out once it is locked. */
  readonly outputs?: readonly OutputConfig[] | undefined
  /** Its seconds as PPS events of the kernel. */
  readonly kernelPps?: boolean | undefined
}

export interface NtpSourceConfig extends NtpOptions {
  readonly type: 'ntp'
  /** Host name or address; with `pool`, several of its addresses. */
  readonly name: string
  readonly pool: boolean
  readonly maxSources: number
  readonly port: number
  readonly minpoll: number
  readonly maxpoll: number
  readonly iburst: boolean
  readonly xleave: boolean
  readonly noselect: boolean
  readonly prefer: boolean
  readonly trust: boolean
  readonly require: boolean
  /** Largest accepted round trip, seconds. */
  readonly maxDelay: number
  /** Added to each measured offset, seconds (a known asymmetry). */
  readonly offset: number
}

export interface Ptp4lSourceConfig {
  readonly type: 'ptp4l'
  /** With `run` and none given empty, until `withChildren` names it. */
  readonly socket: string
  readonly domain: number
  /** Seconds between polls where subscription is not to be had. */
  readonly poll: number
  /** ptp4l runs with free_running 1: port state UNCALIBRATED counts as usable. */
  readonly freeRunning: boolean
  /** The clock whose time it serves as a grandmaster: it is told what that is worth. */
  readonly grandmaster?: string | undefined
  /** The agent is to start it; gone once it is among `children`. */
  readonly run?: Ptp4lRunConfig | undefined
}

/** A program that the agent starts and keeps running. */
export interface ChildConfig {
  /** Unique on this node: `ptp4l.0`. */
  readonly name: string
  /** Its configuration: a name in the state directory, and the text. */
  readonly file: string
  readonly text: string
  /** Program and arguments. */
  readonly command: readonly string[]
  /** Its management socket: who answers there already is not fought. */
  readonly socket: string
}

export interface ChronySourceConfig {
  readonly type: 'chrony'
  readonly address: string
  readonly port: number
  readonly poll: number
}

export interface PpsSourceConfig {
  readonly type: 'pps'
  /** /dev/ppsN: stamped by the kernel, for the system clock. */
  readonly device?: string | undefined
  /** PHC whose input stamps the pulses, by any of its names. */
  readonly clock?: string | undefined
  readonly channel: number
  readonly pin?: number | string | undefined
  readonly edge: 'rising' | 'falling' | 'both'
  /** High time of the pulses, seconds. */
  readonly width: number
  /** How late the pulse arrives, seconds. */
  readonly delay: number
  /** How far it may be from the true second, seconds; absent: by the kind of the input. */
  readonly accuracy?: number | undefined
  /** Which second it is: once the system clock is known to be right, or as it has it. */
  readonly second: 'known' | 'system'
  readonly noselect: boolean
  readonly prefer: boolean
}

export type SourceConfig =
  | NtpSourceConfig
  | Ptp4lSourceConfig
  | PpsSourceConfig
  | ChronySourceConfig

export interface DnsTargetConfig {
  readonly server: string
  readonly port: number
  readonly names: readonly string[]
  readonly transports: readonly ('udp' | 'tcp' | 'dot')[]
  /** Port of DNS over TLS. */
  readonly tlsPort?: number
  /** In the certificate; undefined: it is not checked. */
  readonly serverName?: string | undefined
  /** PEM file of the CAs that are trusted; undefined: the usual ones. */
  readonly ca?: string | undefined
}

/** Names that the probe asks of its own accord; what is missing has a default. */
export interface CanariesConfig {
  /** Must not exist. */
  readonly absent?: readonly string[] | undefined
  /** Zones below which fresh names are asked. */
  readonly miss?: readonly string[] | undefined
  /** Signed names, with their types. */
  readonly signed?: readonly string[] | undefined
  /** Answers beyond 512 bytes. */
  readonly large?: readonly string[] | undefined
}

export interface DnsEndpointConfig {
  readonly address: string
  readonly port: number
}

export interface DnsConfig {
  readonly enabled: boolean
  readonly resolvConf: string
  /** The resolv.conf of a pod with cluster DNS. */
  readonly podResolvConf?: string | undefined
  /** A Corefile: whom CoreDNS forwards to. */
  readonly corefile?: string | undefined
  /** A file with the DNS operator's resource: the same. */
  readonly operator?: string | undefined
  /** Addresses of the cluster DNS service. */
  readonly clusterDns?: readonly string[]
  /** Addresses of the node-local cache. */
  readonly nodeCache?: readonly string[]
  /** CoreDNS itself, past the service. */
  readonly coreDns?: readonly DnsEndpointConfig[]
  readonly targets: readonly DnsTargetConfig[]
  /** Names asked of every nameserver of resolv.conf. */
  readonly names: readonly string[]
  readonly canaries?: CanariesConfig
  /** Largest query rate of this node over all targets, per second. */
  readonly maxRate: number
  /** The same for one target. */
  readonly maxRatePerTarget?: number
  /** Seconds until a query counts as lost. */
  readonly timeout: number
}

/**
 * `system`: the kernel inserts or deletes the second; `step`: the agent steps the clock at that moment;
 * `slew`: it slews the second away afterwards; `ignore`: nothing is done until the sources disagree.
 */
export const LEAP_MODES = ['system', 'step', 'slew', 'ignore'] as const
export type LeapMode = (typeof LEAP_MODES)[number]

export interface LeapSecondsConfig {
  readonly mode: LeapMode
  /** Path of a leap-seconds.list; empty: the one that the program brings along. */
  readonly list: string
}

export interface Config {
  /** Keys as written: `system`, `phc:eth0`, `phc:/dev/ptp0`, `phc:0000:01:00.0`. */
  readonly clocks: Readonly<Record<string, ClockConfig>>
  readonly sources: readonly SourceConfig[]
  /** What `run` of the sources amounts to on this node. */
  readonly children?: readonly ChildConfig[]
  readonly dns: DnsConfig
  /** ADDRESS:PORT of the HTTP endpoint; empty: none. */
  readonly listen: string
  /** Unix socket of the same API; empty: none. */
  readonly socket: string
  /** File of symmetric keys; undefined: there is none. */
  readonly keyFile?: string | undefined
  readonly stateDirectory: string
  /** Hardware time stamps of NTP packets; absent: `auto`. */
  readonly hardwareTimestamps?: 'off' | 'auto' | 'configure'
  readonly leapSeconds: LeapSecondsConfig
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug'
  /** False when no config file was given: what was discovered is observed. */
  readonly explicit: boolean
  /** True where `sources` was not given: `completeConfig` fills it with what the node has. */
  readonly discover?: boolean
}
