/**
 * What the kinds of channels have in common. A channel belongs to one `open` action: when it is
 * closed its link dies, and what was on its way through it is dropped instead of being taken for
 * the traffic of a later channel of the same name.
 */
import { portFault } from '../../native/errno.ts'
import type { Message } from '../../native/msghdr.ts'
import type { Poller } from '../../native/poller.ts'
import { isFailed, type Received } from '../../native/sockets.ts'
import type { PortFault } from '../core/errors.ts'
import type { Action, Event, Now, Stamp } from '../core/machine.ts'

export type OpenAction = Extract<Action, { readonly do: 'open' }>

export interface Channel {
  /** A fault when it could not be sent. */
  send(data: Uint8Array, token: number): PortFault | undefined
  close(): void
}

export type Opened =
  /** `missing`: what was asked for and cannot be had here. */
  | { readonly ok: true; readonly channel: Channel; readonly missing?: string }
  | { readonly ok: false; readonly fault: PortFault }

/** The way from a channel to the core. */
export interface Link {
  readonly live: boolean
  readonly now: () => Now
  readonly emit: (event: Event) => void
  /** It will never work again; `event` is the last thing said of it. */
  readonly end: (event: Event) => void
}

export type Open = (action: OpenAction, link: Link, poller: Poller) => Opened

/** The program's own stamp, for what the kernel did not stamp. */
export const daemonStamp = (link: Link): Stamp => ({ at: link.now().utc, kind: 'daemon' })

/** Packets taken per wake-up and queue; the rest is reported again after others had their turn. */
const BATCH = 64

/**
 * Takes what there is. False when there was nothing, or a fault that stays: reading takes the
 * pending error of a socket away, so a second one in a row means a broken descriptor.
 */
export function drain(
  link: Link,
  receive: () => Received,
  take: (message: Message) => void,
  refused: (fault: PortFault) => void,
): boolean {
  let faults = 0
  for (let count = 0; count < BATCH; count += 1) {
    if (!link.live) return true
    const received = receive()
    if (received === undefined) return count > 0
    if (isFailed(received)) {
      faults += 1
      if (faults > 1) return false
      refused(received.fault)
    } else {
      take(received)
    }
  }
  return true
}

/** The fault behind an error of Node's sockets. */
export function socketFault(error: Error, fallback: string): PortFault {
  const { errno, syscall = fallback } = error as NodeJS.ErrnoException
  return typeof errno === 'number'
    ? portFault(syscall, -errno)
    : { code: 'UNKNOWN', syscall, errno: (error as NodeJS.ErrnoException).code ?? '' }
}
