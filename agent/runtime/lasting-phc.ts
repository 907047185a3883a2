/**
 * A PHC port that outlives its device: a driver that resets, or a card that is plugged again, takes
 * /dev/ptpN away and may bring it back under another number. As long as it is gone every call is the
 * fault that told so; the device is looked for again once a second at most.
 */
import type { PortFault } from '../core/errors.ts'
import type { ClockName } from '../core/sample.ts'
import { elapsed, type Instant, seconds } from '../core/units.ts'
import type { ClockPort } from '../ports/clock.ts'
import { type ClockOptions, createPhcClock, readNow } from './clock.ts'

const SEARCH = seconds(1)

type Failed = { readonly ok: false; readonly fault: PortFault }
type Opened = { readonly port: ClockPort; readonly close: () => void }

class LastingPhc implements ClockPort {
  readonly name: ClockName
  readonly #open: () => Opened | Failed
  readonly #now: () => Instant<'mono'>
  #opened: Opened | undefined
  #capabilities: ClockPort['capabilities']
  #gone: Failed | undefined
  #searchedAt: Instant<'mono'> | undefined

  constructor(
    name: ClockName,
    opened: Opened,
    open: () => Opened | Failed,
    now: () => Instant<'mono'>,
  ) {
    this.name = name
    this.#opened = opened
    this.#capabilities = opened.port.capabilities
    this.#open = open
    this.#now = now
  }

  get capabilities(): ClockPort['capabilities'] {
    return this.#capabilities
  }

  status: ClockPort['status'] = () => this.#through((port) => port.status())

  adjust: ClockPort['adjust'] = (adjustment) => this.#through((port) => port.adjust(adjustment))

  close(): void {
    this.#opened?.close()
    this.#opened = undefined
  }

  #through<T extends object>(call: (port: ClockPort) => T | Failed): T | Failed {
    const port = this.#present()
    if (port === undefined) return this.#gone as Failed
    const result = call(port)
    if (!('fault' in result) || result.fault.code !== 'NO_DEVICE') return result
    // the number is not free for the next device before this descriptor is closed
    this.#opened?.close()
    this.#opened = undefined
    this.#gone = result
    this.#searchedAt = this.#now()
    return result
  }

  #present(): ClockPort | undefined {
    if (this.#opened !== undefined) return this.#opened.port
    const now = this.#now()
    if (this.#searchedAt !== undefined && elapsed(now, this.#searchedAt) < SEARCH) return undefined
    this.#searchedAt = now
    const opened = this.#open()
    if ('fault' in opened) return undefined
    this.#opened = opened
    this.#capabilities = opened.port.capabilities
    return opened.port
  }
}

/** `deviceOf` is asked at each opening; a fault when the device cannot be opened at first. */
export function createLastingPhc(
  name: ClockName,
  deviceOf: () => string | undefined,
  options: ClockOptions = {},
): { readonly ok: true; readonly port: ClockPort } | Failed {
  const open = (): Opened | Failed => {
    const device = deviceOf()
    const fault = { code: 'NO_DEVICE', syscall: `open(${name})`, errno: '' } as const
    return device === undefined ? { ok: false, fault } : createPhcClock(name, device, options)
  }
  const opened = open()
  if ('fault' in opened) return opened
  const now = options.now ?? readNow
  return { ok: true, port: new LastingPhc(name, opened, open, () => now().mono) }
}
