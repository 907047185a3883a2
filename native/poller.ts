/**
 * Waits until descriptors are readable or have something in their error queue, on Node's own event
 * loop: no thread, no polling.
 *
 * libuv cannot watch such sockets itself: it takes the POLLERR of an error queue for a broken
 * descriptor and stops. So the descriptors are in an epoll instance of ours, and libuv watches that:
 * it is readable as long as one of them is ready (epoll(7) may be nested). Against a blocking
 * epoll_wait in a thread this is three times as quick, and exit never hangs: process.exit waits for
 * threads. Level-triggered.
 *
 *   epoll_event  0 u32 events, 4 (x86-64: packed) or 8 u64 data
 */
import type { PortFault } from '../agent/core/errors.ts'
import { portFault } from './errno.ts'
import { close, epollCreate1, epollCtl, epollWait, lastErrno, type Watch, watch } from './libc.ts'
import { type Failed, failed } from './sockets.ts'

const EPOLL_CLOEXEC = 0o2000000
const ADD = 1
const DELETE = 2
const EPOLLIN = 1
const EPOLLPRI = 2

const DATA_AT = process.arch === 'x64' ? 4 : 8
const EVENT = DATA_AT + 8
const CAPACITY = 32
/** So many wake-ups in a row in which there was nothing to take, and the descriptor is dropped. */
const MAX_IDLE = 16

/**
 * Called when its descriptor is ready; takes what there is and says whether there was anything.
 * What it leaves is reported again.
 */
export type Drain = () => boolean

interface Entry {
  readonly fd: number
  readonly serial: number
  readonly drain: Drain
  readonly lost: (fault: PortFault) => void
  idle: number
}

export class Poller {
  readonly #epoll: number
  readonly #watch: Watch
  readonly #entries = new Map<number, Entry>()
  readonly #events = new Uint8Array(new ArrayBuffer(EVENT * CAPACITY))
  readonly #view = new DataView(this.#events.buffer)
  readonly #event = new Uint8Array(new ArrayBuffer(EVENT))
  #serial = 0
  #wakeups = 0
  #open = true

  private constructor(epoll: number) {
    this.#epoll = epoll
    this.#watch = watch(epoll, () => this.#wake())
    this.#watch.unref()
  }

  static open(): { readonly ok: true; readonly poller: Poller } | Failed {
    const epoll = epollCreate1(EPOLL_CLOEXEC)
    return epoll < 0
      ? failed('epoll_create1', lastErrno())
      : { ok: true, poller: new Poller(epoll) }
  }

  /** How often the event loop was woken up. */
  get wakeups(): number {
    return this.#wakeups
  }

  /** The process stays alive as long as there is a descriptor. `lost`: it was dropped as broken. */
  add(fd: number, drain: Drain, lost: (fault: PortFault) => void): PortFault | undefined {
    this.#serial = (this.#serial + 1) >>> 0
    const view = new DataView(this.#event.buffer)
    view.setUint32(0, EPOLLIN | EPOLLPRI, true)
    view.setUint32(DATA_AT, fd, true)
    view.setUint32(DATA_AT + 4, this.#serial, true)
    if (epollCtl(this.#epoll, ADD, fd, this.#event) < 0) return portFault('epoll_ctl', lastErrno())
    this.#entries.set(fd, { fd, serial: this.#serial, drain, lost, idle: 0 })
    this.#watch.ref()
    return undefined
  }

  /** To be called before `fd` is closed. */
  remove(fd: number): void {
    if (!this.#entries.delete(fd)) return
    epollCtl(this.#epoll, DELETE, fd, this.#event)
    if (this.#entries.size === 0) this.#watch.unref()
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#entries.clear()
    this.#watch.close()
    close(this.#epoll)
  }

  /** An exception may not pass through the FFI: it is thrown again where Node sees it. */
  #wake(): void {
    this.#wakeups += 1
    try {
      this.#dispatch()
    } catch (error) {
      setImmediate(() => {
        throw error
      })
    }
  }

  #dispatch(): void {
    const count = epollWait(this.#epoll, this.#events, CAPACITY, 0)
    const ready: Entry[] = []
    for (let k = 0; k < count; k += 1) {
      const at = k * EVENT
      const entry = this.#entries.get(this.#view.getUint32(at + DATA_AT, true))
      if (entry?.serial !== this.#view.getUint32(at + DATA_AT + 4, true)) continue
      ready.push(entry)
    }
    for (const entry of ready) {
      // an earlier one may have removed it
      if (this.#entries.get(entry.fd) === entry) this.#serve(entry)
    }
  }

  #serve(entry: Entry): void {
    entry.idle = entry.drain() ? 0 : entry.idle + 1
    if (entry.idle < MAX_IDLE || this.#entries.get(entry.fd) !== entry) return
    this.remove(entry.fd)
    entry.lost({ code: 'IO', syscall: 'epoll_wait', errno: '' })
  }
}
