/**
 * TLS by node:tls, for DNS over TLS (RFC 7858). Bytes are delivered as they come; there are no transmit
 * stamps. A bad certificate is told, not refused: whoever measures wants to know what is there.
 */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls'
import type { PortFault } from '../core/errors.ts'
import type { Now } from '../core/machine.ts'
import type { TlsReport } from '../core/tls.ts'
import { elapsed, toSeconds } from '../core/units.ts'
import { certificateFault, readTrust, validityOf } from './certificates.ts'
import {
  type Channel,
  daemonStamp,
  type Link,
  type OpenAction,
  type Opened,
  socketFault,
} from './channels-link.ts'

const invalid = (syscall: string): Opened => ({
  ok: false,
  fault: { code: 'INVALID', syscall, errno: 'EINVAL' },
})

interface Authorities {
  readonly trusted: Trusted
  readonly context: SecureContext
}

/** By their text, `usual` for those of Node: reading them costs more CPU and memory than a session. */
const known = new Map<string, Authorities>()
const MAX_KNOWN = 64

/** Undefined: `ca` is no PEM text of certificates. */
function authoritiesOf(ca: string | undefined): Authorities | undefined {
  const key = ca === undefined ? 'usual' : `ca ${ca}`
  const found = known.get(key)
  if (found !== undefined) return found
  const trusted = readTrust(ca)
  if (trusted === undefined) return undefined
  const context = createSecureContext({ minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) })
  const authorities = { trusted, context }
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(key, authorities)
  return authorities
}

function optionsOf({ address, port, tls }: OpenAction, context: SecureContext): ConnectionOptions {
  const { serverName = '' } = tls ?? {}
  return {
    host: address,
    port,
    secureContext: context,
    // no ALPN: RFC 7858 asks for none, and CoreDNS and most stubs send none either
    rejectUnauthorized: false,
    // looked at together with everything else, in certificateFault
    checkServerIdentity: () => undefined,
    // an address is no server name (RFC 6066 section 3)
    ...(serverName === '' || isIP(serverName) !== 0 ? {} : { servername: serverName }),
  }
}

/** Of an error before the session: something listens from the moment of the TCP handshake on. */
function handshakeFault(error: Error, connected: boolean): PortFault {
  if (!connected) return socketFault(error, 'connect')
  const { code = '' } = error as NodeJS.ErrnoException
  return { code: 'HANDSHAKE', syscall: 'SSL_connect', errno: code }
}

type Trusted = () => readonly X509Certificate[]

class Handshake {
  readonly #action: OpenAction
  readonly #link: Link
  readonly #trusted: Trusted
  readonly #began: Now
  #connected: Now | undefined

  constructor(action: OpenAction, link: Link, trusted: Trusted) {
    this.#action = action
    this.#link = link
    this.#trusted = trusted
    this.#began = link.now()
  }

  get connected(): boolean {
    return this.#connected !== undefined
  }

  connect(): void {
    this.#connected = this.#link.now()
  }

  /** Undefined: the server showed no certificate. */
  report(socket: TLSSocket): TlsReport | undefined {
    const now = this.#link.now()
    const leaf = socket.getPeerX509Certificate()
    if (leaf === undefined) return undefined
    const { address, tls } = this.#action
    const asked = { name: tls?.serverName || address, trusted: this.#trusted }
    // a string, against its type; null where all is well
    const error = String(socket.authorizationError ?? '')
    const connected = this.#connected ?? now
    return {
      fault: certificateFault(leaf, error, asked, Number(now.utc) / 1e9),
      certificate: validityOf(leaf),
      connectSeconds: toSeconds(elapsed(connected.mono, this.#began.mono)),
      tlsSeconds: toSeconds(elapsed(now.mono, connected.mono)),
    }
  }
}

const NO_CERTIFICATE: PortFault = { code: 'HANDSHAKE', syscall: 'SSL_connect', errno: '' }

/** Whether the session is there; what becomes of the socket is told to the link. */
function follow(socket: TLSSocket, name: string, link: Link, handshake: Handshake): () => boolean {
  let ready = false
  socket.on('connect', () => {
    handshake.connect()
    socket.setNoDelay(true)
    link.emit({ on: 'connected', channel: name })
  })
  socket.on('secureConnect', () => {
    if (!link.live) return
    const tls = handshake.report(socket)
    if (tls === undefined) {
      link.end({ on: 'failed', what: 'open', key: name, fault: NO_CERTIFICATE })
      return
    }
    ready = true
    link.emit({ on: 'opened', channel: name, stamps: 'daemon', tls })
  })
  socket.on('data', (data) => {
    link.emit({ on: 'received', channel: name, data, stamp: daemonStamp(link) })
  })
  socket.on('error', (error) => {
    if (ready) {
      link.emit({ on: 'failed', what: 'send', key: name, fault: socketFault(error, 'write') })
      return
    }
    const fault = handshakeFault(error, handshake.connected)
    link.end({ on: 'failed', what: 'open', key: name, fault })
  })
  socket.on('close', () => link.end({ on: 'closed', channel: name }))
  return () => ready
}

export function openTls(action: OpenAction, link: Link): Opened {
  // a name would be looked up in Node's pool of four threads
  if (isIP(action.address) === 0) return invalid('connect')
  const authorities = authoritiesOf(action.tls?.ca)
  if (authorities === undefined) return invalid('SSL_load_verify')
  const { trusted, context } = authorities
  const socket = tlsConnect(optionsOf(action, context))
  // begins now: certificates were read, which takes longer than many a handshake, and nothing is sent yet
  const handshake = new Handshake(action, link, trusted)
  const ready = follow(socket, action.channel, link, handshake)
  const channel: Channel = {
    send: (data) => {
      if (!ready() || socket.destroyed) {
        return { code: 'REFUSED', syscall: 'write', errno: 'ENOTCONN' }
      }
      socket.write(data)
      return undefined
    },
    close: () => socket.destroy(),
  }
  return { ok: true, channel }
}
