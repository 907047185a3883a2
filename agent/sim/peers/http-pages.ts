/** A simulated HTTP server: one page per path, as CoreDNS' health, ready and metrics plugins answer. */
import { createLink, type Link } from '../network.ts'
import type { Packet, Peer, Surroundings } from '../peer.ts'

export interface Page {
  readonly status: number
  readonly body: string
}

export interface HttpPagesOptions {
  readonly address: string
  readonly port: number
  readonly link?: Partial<Link>
}

const QUICK_NS = 300_000
const NOT_FOUND: Page = { status: 404, body: '404 page not found\n' }

export class HttpPages implements Peer {
  readonly transport = 'tcp'
  readonly address: string
  readonly port: number
  readonly link: Link
  readonly incarnation = 1
  listening = true
  /** By path; may change while the world runs. */
  readonly pages = new Map<string, Page>()
  /** Requests that are not whole yet, by channel. */
  readonly #pieces = new Map<string, string>()
  #world: Surroundings | undefined

  constructor({ address, port, link = {} }: HttpPagesOptions) {
    this.address = address
    this.port = port
    this.link = createLink({ delayNs: 200_000, jitterNs: 50_000, ...link })
  }

  start(world: Surroundings): void {
    this.#world = world
  }

  receive({ channel, data, answer }: Packet): void {
    const request = (this.#pieces.get(channel) ?? '') + new TextDecoder().decode(data)
    this.#pieces.set(channel, request)
    if (!request.endsWith('\r\n\r\n')) return
    this.#pieces.delete(channel)
    const [, path = ''] = /^GET (\S+) HTTP\/1\.1\r\n/.exec(request) ?? []
    const page = this.pages.get(path) ?? NOT_FOUND
    this.#world?.after(QUICK_NS, () => answer(encode(page)))
  }
}

function encode({ status, body }: Page): Uint8Array {
  const bytes = new TextEncoder().encode(body)
  const head = `HTTP/1.1 ${status} \r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`
  return Uint8Array.from([...new TextEncoder().encode(head), ...bytes])
}
