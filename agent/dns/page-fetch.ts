/**
 * One GET of one page, from opening its channel to closing it. Events in; actions out, and once the
 * answer, what is wrong with it, or that there was none.
 */
import { type Decoded, describeFault } from '../core/errors.ts'
import type { Action, Event, Now } from '../core/machine.ts'
import { plus, seconds } from '../core/units.ts'
import { type HttpAnswer, type HttpFault, HttpResponse } from './http-response.ts'

export interface PageRequest {
  readonly address: string
  readonly port: number
  readonly path: string
  /** Bytes of head and body together. */
  readonly limit: number
  /** Seconds for all of it. */
  readonly timeout: number
}

/** `none`: nobody answered, and why. */
export type Fetched = Decoded<HttpAnswer, HttpFault> | { readonly none: string }

export type FetchEvent = Extract<
  Event,
  { on: 'opened' | 'received' | 'closed' | 'failed' | 'timer' }
>

export interface FetchStep {
  readonly actions: readonly Action[]
  /** Told once, at the end. */
  readonly fetched?: Fetched
}

const NOTHING: FetchStep = { actions: [] }

/** No packed body, and the text format: a page of metrics comes in what is asked for. */
function requestOf({ address, port, path }: PageRequest): Uint8Array {
  const host = address.includes(':') ? `[${address.replace(/%.*$/, '')}]` : address
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'User-Agent: timewarden',
    'Accept: text/plain;version=0.0.4, */*;q=0.1',
    'Accept-Encoding: identity',
    'Connection: close',
  ]
  return new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n`)
}

export class PageFetch {
  readonly channel: string
  readonly #request: PageRequest
  readonly #response: HttpResponse
  #begun = false
  #done = false

  /** `channel`: name of its channel and of its timer. */
  constructor(channel: string, request: PageRequest) {
    this.channel = channel
    this.#request = request
    this.#response = new HttpResponse(request.limit)
  }

  start(now: Now): readonly Action[] {
    const { channel } = this
    const { address, port, timeout } = this.#request
    return [
      { do: 'open', channel, transport: 'tcp', address, port, stamps: false },
      { do: 'timer', key: channel, at: plus(now.mono, seconds(timeout)) },
    ]
  }

  handle(event: FetchEvent): FetchStep {
    if (this.#done) return NOTHING
    switch (event.on) {
      case 'opened':
        return this.#send()
      case 'received': {
        this.#begun = true
        const result = this.#response.push(event.data)
        return result === undefined ? NOTHING : this.#end(result)
      }
      case 'closed':
        return this.#end(this.#begun ? this.#response.end() : { none: 'closed without an answer' })
      case 'failed':
        return this.#end({ none: describeFault(event.fault) })
      case 'timer':
        return this.#end({ none: `no answer within ${this.#request.timeout} s` })
    }
  }

  #send(): FetchStep {
    const { channel } = this
    return { actions: [{ do: 'send', channel, data: requestOf(this.#request), token: 0 }] }
  }

  #end(fetched: Fetched): FetchStep {
    const { channel } = this
    this.#done = true
    return {
      actions: [
        { do: 'cancel', key: channel },
        { do: 'close', channel },
      ],
      fetched,
    }
  }
}
