/**
 * The vocabulary between the pure core and whoever performs its wishes (`runtime/runner.ts` on a
 * real node, `sim/world.ts` in the simulated one).
 *
 * A machine gets an event and `now`, and returns the actions it wants done, in order. It owns no
 * socket, timer, clock, logger or promise. Keys and channels are names that the machine chose; the
 * agent prefixes them with the machine's id, so two machines never meet.
 *
 *   start ─► open, timer, resolve, compare, load ...
 *   opened / received / sent / timer / resolved / compared / loaded / failed ─► send, sample, note ...
 *   stop ─► close, store
 */
import type { ClockChange } from './clock-change.ts'
import type { Comparison } from './comparison.ts'
import type { PortFault } from './errors.ts'
import type { NoteCode } from './notes.ts'
import type { PulseInput, PulseOutput } from './pulse.ts'
import type { ClockName, LeapWarning, Sample, StampKind } from './sample.ts'
import type { TlsOptions, TlsReport } from './tls.ts'
import type { Instant, Nanos } from './units.ts'

/** The two clocks of the node, read together; whoever delivers an event supplies it. */
export interface Now {
  readonly mono: Instant<'mono'>
  readonly utc: Instant<'utc'>
}

/** When a packet left or arrived, on CLOCK_REALTIME. */
export interface Stamp {
  readonly at: Instant<'utc'>
  readonly kind: StampKind
  /** What it may be wrong by beside what its kind always may: conversion from another clock. */
  readonly dispersion?: Nanos
}

export type Transport = 'udp' | 'tcp' | 'tls' | 'unix'

/**
 * What steers a PHC says of it, so that a reader of the PHC knows what its time is worth. Sent by a
 * ptp4l source, received by the PHC source of that clock.
 */
export interface Upstream {
  readonly clock: ClockName
  /** Fresh, in time receiver state, and (unless free running) within its lock limit. */
  readonly synchronized: boolean
  /** Whoever tells turns this clock itself at present: nobody else may. */
  readonly steers: boolean
  /** Why not synchronized, in one phrase; empty when it is. */
  readonly reason: string
  /** TAI - UTC in seconds that the PHC's time needs to become UTC; 0 for an arbitrary time scale. */
  readonly utcOffset: number
  /** True when the grandmaster vouches for `utcOffset`. */
  readonly utcOffsetValid: boolean
  readonly timeTraceable: boolean
  readonly leap: LeapWarning
  /** Last offset PHC - grandmaster and when it was measured. */
  readonly offset: Nanos
  readonly at: Instant<'mono'>
  /** How far the PHC may be from the grandmaster's reference: accuracy class + path + jitter. */
  readonly rootDispersion: Nanos
  readonly rootDelay: Nanos
  /** Grandmaster identity, `aabbcc.ddee.ff0011`. */
  readonly reference: string
}

/** What a clock of this node is worth at present; told once a second to whoever deals in pulses. */
export interface Standing {
  readonly clock: ClockName
  /** How wrong it may be, by the agent's word or else the kernel's; undefined: nobody can say. */
  readonly bound: Nanos | undefined
  readonly state: 'freerun' | 'acquiring' | 'locked' | 'holdover'
  /** We steer it; false: somebody else does, or nobody. */
  readonly steered: boolean
  /** The source that it follows; empty: none. */
  readonly source: string
  /** Of the system clock: TAI - UTC in seconds as the kernel has it (0: it was never told). */
  readonly taiOffset: number
  readonly leap: LeapWarning
}

/** How a child ended. */
export interface ChildExit {
  /** Exit code; undefined after a signal. */
  readonly code: number | undefined
  /** `SIGTERM`; empty after an exit. */
  readonly signal: string
  /** The last lines that it wrote, oldest first. */
  readonly last: readonly string[]
}

/** The actions that may fail, by their `do`. */
type Failable =
  | ('open' | 'send' | 'resolve' | 'compare' | 'identify')
  | ('load' | 'store' | 'spawn' | 'pulses' | 'emit')

export type Event =
  | { readonly on: 'start' }
  | { readonly on: 'stop' }
  | { readonly on: 'timer'; readonly key: string }
  /** The TCP handshake of a tls channel is done; that of TLS begins. */
  | { readonly on: 'connected'; readonly channel: string }
  /** A channel is ready; `stamps` is the best kind of stamp it can give. `tls`: of a tls channel. */
  | {
      readonly on: 'opened'
      readonly channel: string
      readonly stamps: StampKind
      readonly tls?: TlsReport
    }
  | {
      readonly on: 'received'
      readonly channel: string
      readonly data: Uint8Array
      readonly stamp: Stamp
    }
  /**
   * The transmit stamp of an earlier `send`; may come after the answer, or never. That of hardware comes
   * after that of the kernel and takes its place.
   */
  | {
      readonly on: 'sent'
      readonly channel: string
      readonly token: number
      readonly stamp: Stamp
      /** From a reading of the clock right before the system call to this stamp, ns. */
      readonly cost?: Nanos
    }
  /** The peer closed a tcp or tls channel. */
  | { readonly on: 'closed'; readonly channel: string }
  /** `unvalidated`: nobody vouches for these addresses; to be resolved again once the time is known. */
  | {
      readonly on: 'resolved'
      readonly key: string
      readonly addresses: readonly string[]
      readonly unvalidated?: boolean
    }
  | { readonly on: 'compared'; readonly key: string; readonly comparison: Comparison }
  | { readonly on: 'identified'; readonly key: string; readonly phcIndex: number }
  /** The pulses since the last question, oldest first, ns of the clock that stamped them. */
  | { readonly on: 'pulses'; readonly key: string; readonly stamps: readonly bigint[] }
  /** An output works; `fresh`: since now. */
  | { readonly on: 'emitted'; readonly key: string; readonly fresh: boolean }
  /** `modified`: when the file was last written, where that is known. */
  | {
      readonly on: 'loaded'
      readonly key: string
      readonly text: string
      readonly modified?: Instant<'utc'>
    }
  | { readonly on: 'stored'; readonly key: string }
  /** A child runs. */
  | { readonly on: 'spawned'; readonly key: string; readonly pid: number }
  | { readonly on: 'exited'; readonly key: string; readonly exit: ChildExit }
  /** An action could not be done: `what` is the action, `key` its key or channel. */
  | {
      readonly on: 'failed'
      readonly what: Failable
      readonly key: string
      readonly fault: PortFault
    }
  | { readonly on: 'change'; readonly change: ClockChange }
  | { readonly on: 'upstream'; readonly upstream: Upstream }
  | { readonly on: 'standing'; readonly standing: Standing }

export type Action =
  /** Wake me at `at`; a second timer with the same key replaces the first. */
  | { readonly do: 'timer'; readonly key: string; readonly at: Instant<'mono'> }
  | { readonly do: 'cancel'; readonly key: string }
  /**
   * Open a connected channel. `address` is an IP literal, or a path for `unix`. `stamps`: ask for
   * kernel transmit and receive stamps. A udp channel gets a fresh random local port (RFC 9109).
   * A tcp or tls channel delivers bytes as they come, without framing. A bad certificate does not
   * keep a tls channel from opening; `opened` tells of it.
   */
  | {
      readonly do: 'open'
      readonly channel: string
      readonly transport: Transport
      readonly address: string
      readonly port: number
      readonly stamps: boolean
      /** Stamps of hardware as well, where the interface stamps all packets. */
      readonly hardware?: boolean
      /** Of a tls channel. */
      readonly tls?: TlsOptions
    }
  /** Send one datagram; `token` comes back with its transmit stamp where the channel has stamps. */
  | {
      readonly do: 'send'
      readonly channel: string
      readonly data: Uint8Array
      readonly token: number
    }
  | { readonly do: 'close'; readonly channel: string }
  | { readonly do: 'resolve'; readonly key: string; readonly name: string }
  /** Read a PHC against CLOCK_REALTIME with the best method the device has. */
  | {
      readonly do: 'compare'
      readonly key: string
      readonly clock: ClockName
      readonly readings: number
    }
  /** Ask for the pulses that a device stamped since the last question; the first one sets it up. */
  | { readonly do: 'pulses'; readonly key: string; readonly input: PulseInput }
  /** Put out pulses; `again`: from the start, since the PHC was stepped. */
  | {
      readonly do: 'emit'
      readonly key: string
      readonly clock: ClockName
      readonly output: PulseOutput
      readonly again: boolean
    }
  /** Ask which PHC a network interface stamps with. */
  | { readonly do: 'identify'; readonly key: string; readonly interface: string }
  /** Files of the state directory, by name; `store` is atomic. */
  | { readonly do: 'load'; readonly key: string; readonly file: string }
  | {
      readonly do: 'store'
      readonly key: string
      readonly file: string
      readonly text: string
    }
  /**
   * Start a program as a child that ends with the agent. What it writes goes to the log under `name`.
   * `socket`: a file of that name that a dead one left behind is removed first.
   */
  | {
      readonly do: 'spawn'
      readonly key: string
      readonly name: string
      readonly command: readonly string[]
      readonly socket: string
    }
  /** Ask a child to end (SIGTERM), and end it (SIGKILL) if it is still there after `grace`. */
  | { readonly do: 'kill'; readonly key: string; readonly grace: Nanos }
  | { readonly do: 'sample'; readonly sample: Sample }
  | { readonly do: 'upstream'; readonly upstream: Upstream }
  /** Something was refused or happened: counted under its code, logged when the code says so. */
  | {
      readonly do: 'note'
      readonly code: NoteCode
      readonly detail: string
      /** Source, clock or DNS target; filled in by the agent. */
      readonly subject?: string
    }

export interface Machine {
  handle(event: Event, now: Now): readonly Action[]
}
