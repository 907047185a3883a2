/**
 * The routes of `serve/` on a TCP address and on a Unix socket. Read-only and small: no bodies, short
 * headers, few connections, and a slow client is cut off.
 *
 * The Unix socket has mode 0660. A socket file that nobody listens on any more (a crash) is removed;
 * one that answers belongs to another agent and is left alone.
 */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { errnoName, portFault } from '../../native/errno.ts'
import type { PortFault } from '../core/errors.ts'
import type { Handler } from '../serve/message.ts'

export type ListenTarget =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export interface Endpoint {
  /** `127.0.0.1:9975` or the path; the port that was really taken. */
  readonly address: string
  close(): Promise<void>
}

export type Listening =
  | { readonly ok: true; readonly endpoint: Endpoint }
  | { readonly ok: false; readonly fault: PortFault }

const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 5000,
} as const
const MAX_CONNECTIONS = 64
const SOCKET_MODE = 0o660
const PROBE_MS = 1000
/** sun_path of unix(7) without its final zero; libuv would cut a longer one short. */
const MAX_PATH = 107

/** `127.0.0.1:9975`, `[::1]:9975`; undefined for anything else. */
export function parseListen(text: string): ListenTarget | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  return host === undefined || port > 65_535 ? undefined : { kind: 'tcp', host, port }
}

async function reply(handler: Handler, request: IncomingMessage, response: ServerResponse) {
  const { method = '', url = '' } = request
  request.resume()
  const { status, headers, body } = await handler({ method, target: url })
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(method === 'HEAD' ? undefined : body)
}

function createHttpServer(handler: Handler, onError: (error: unknown) => void): Server {
  const server = createServer(LIMITS, (request, response) => {
    // a fault of a route is ours: it is told to the log and must not take the agent with it
    reply(handler, request, response).catch((error: unknown) => {
      onError(error)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

/** Whether somebody accepts connections on the socket. */
const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    const finish = (answered: boolean): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(PROBE_MS, () => finish(true))
    socket.on('connect', () => finish(true))
    socket.on('error', () => finish(false))
  })

async function removeStale(path: string): Promise<void> {
  try {
    if (!lstatSync(path).isSocket()) return
  } catch {
    return
  }
  if (await isAnswered(path)) return
  unlinkSync(path)
}

function bind(server: Server, target: ListenTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    if (target.kind === 'tcp') server.listen(target.port, target.host)
    else server.listen(target.path)
  })
}

function addressOf(server: Server): string {
  const address = server.address() as AddressInfo | string
  if (typeof address === 'string') return address
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${host}:${address.port}`
}

function listenFault(error: unknown, target: ListenTarget): PortFault {
  const { errno, code } = error as NodeJS.ErrnoException
  const syscall =
    target.kind === 'tcp' ? `listen(${target.host}:${target.port})` : `listen(${target.path})`
  if (typeof errno !== 'number') return { code: 'UNKNOWN', syscall, errno: code ?? '' }
  const fault = portFault(syscall, -errno)
  return { ...fault, errno: code ?? errnoName(-errno) }
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

export async function listen(
  target: ListenTarget,
  handler: Handler,
  onError: (error: unknown) => void,
): Promise<Listening> {
  if (target.kind === 'unix' && Buffer.byteLength(target.path) > MAX_PATH) {
    const syscall = `listen(${target.path})`
    return { ok: false, fault: { code: 'INVALID', syscall, errno: 'ENAMETOOLONG' } }
  }
  const server = createHttpServer(handler, onError)
  try {
    if (target.kind === 'unix') await removeStale(target.path)
    await bind(server, target)
    if (target.kind === 'unix') chmodSync(target.path, SOCKET_MODE)
  } catch (error) {
    server.close()
    return { ok: false, fault: listenFault(error, target) }
  }
  server.on('error', onError)
  return { ok: true, endpoint: { address: addressOf(server), close: () => close(server) } }
}
