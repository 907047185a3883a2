/**
 * The open channels by name: `open`, `send` and `close` in; `opened`, `received`, `sent`, `closed`
 * and `failed` out. Each kind of channel has a file of its own.
 */
import { Poller } from '../../native/poller.ts'
import { holdStamping } from '../../native/sockets.ts'
import { createWarmUp } from '../../native/warm-up.ts'
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Event, Now } from '../core/machine.ts'
import { openDgram } from './channels-dgram.ts'
import type { Channel, Link, OpenAction, Opened } from './channels-link.ts'
import { openTcp } from './channels-tcp.ts'
import { openTls } from './channels-tls.ts'
import { openUdp } from './channels-udp.ts'
import { openUnix } from './channels-unix.ts'
import type { HardwareStamps } from './hardware-stamps.ts'

export interface ChannelsOptions {
  readonly now: () => Now
  /** `link`: the event counts only as long as that is live. */
  readonly deliver: (event: Event, link?: { readonly live: boolean }) => void
  /** Something is missing here, and the agent goes on without it. */
  readonly degraded: (detail: string) => void
  /** False: use node:dgram also where the kernel's stamps could be had. */
  readonly kernelStamps: boolean
  readonly hardware?: HardwareStamps | undefined
}

interface Entry {
  readonly link: { live: boolean }
  channel: Channel | undefined
}

export class Channels {
  readonly #options: ChannelsOptions
  readonly #entries = new Map<string, Entry>()
  readonly #poller: Poller | undefined
  readonly #release: () => void
  readonly #warmUp: ReturnType<typeof createWarmUp>

  constructor(options: ChannelsOptions) {
    this.#options = options
    const opened = Poller.open()
    this.#poller = opened.ok ? opened.poller : undefined
    this.#release = options.kernelStamps ? holdStamping() : () => undefined
    this.#warmUp = createWarmUp()
    if (!opened.ok) options.degraded(`no kernel time stamps: ${describeFault(opened.fault)}`)
  }

  /** A channel of the same name is closed first. */
  open(action: OpenAction): void {
    this.close(action.channel)
    const entry: Entry = { link: { live: true }, channel: undefined }
    this.#entries.set(action.channel, entry)
    const opened = this.#openAs(action, this.#linkOf(action.channel, entry))
    if (opened.ok) {
      entry.channel = opened.channel
      return
    }
    this.#forget(action.channel, entry)
    this.#options.deliver({
      on: 'failed',
      what: 'open',
      key: action.channel,
      fault: opened.fault,
    })
  }

  send(name: string, data: Uint8Array, token: number): void {
    const entry = this.#entries.get(name)
    const fault = entry?.channel === undefined ? NOT_OPEN : entry.channel.send(data, token)
    if (fault === undefined) return
    this.#options.deliver({ on: 'failed', what: 'send', key: name, fault }, entry?.link)
  }

  close(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    this.#forget(name, entry)
    entry.channel?.close()
  }

  closeAll(): void {
    for (const name of [...this.#entries.keys()]) this.close(name)
    this.#poller?.close()
    this.#warmUp.close()
    this.#release()
  }

  #linkOf(name: string, entry: Entry): Link {
    const { deliver, now } = this.#options
    return {
      get live() {
        return entry.link.live
      },
      now,
      emit: (event) => {
        if (entry.link.live) deliver(event, entry.link)
      },
      end: (event) => {
        if (!entry.link.live) return
        this.#forget(name, entry)
        entry.channel?.close()
        deliver(event)
      },
    }
  }

  #openAs(action: OpenAction, link: Link): Opened {
    const poller = this.#poller
    switch (action.transport) {
      case 'tcp':
        return openTcp(action, link)
      case 'tls':
        return openTls(action, link)
      case 'unix':
        return poller === undefined
          ? { ok: false, fault: NO_POLLER }
          : openUnix(action, link, poller)
      case 'udp':
        return poller === undefined || !this.#options.kernelStamps
          ? openDgram(action, link)
          : this.#openUdp(action, link, poller)
    }
  }

  /** A refusal of the network would be the same by node:dgram; one of the mechanism would not. */
  #openUdp(action: OpenAction, link: Link, poller: Poller): Opened {
    const opened = openUdp(action, link, {
      poller,
      warmUp: this.#warmUp.run,
      hardware: this.#options.hardware,
    })
    if (opened.ok && opened.missing !== undefined) this.#options.degraded(opened.missing)
    if (opened.ok || opened.fault.syscall === 'connect') return opened
    this.#options.degraded(`no kernel time stamps: ${describeFault(opened.fault)}`)
    return openDgram(action, link)
  }

  #forget(name: string, entry: Entry): void {
    entry.link.live = false
    if (this.#entries.get(name) === entry) this.#entries.delete(name)
  }
}

const NOT_OPEN: PortFault = { code: 'INVALID', syscall: 'send', errno: 'EBADF' }
const NO_POLLER: PortFault = { code: 'NOT_SUPPORTED', syscall: 'epoll_create1', errno: '' }
