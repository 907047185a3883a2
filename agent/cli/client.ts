/**
 * Asks a running agent for its status: over its Unix socket, and where that is not there or not
 * permitted, over its TCP address.
 */
import { type RequestOptions, request } from 'node:http'
import type { Status } from '../observe/status-types.ts'
import { parseListen } from '../runtime/http.ts'

export const DEFAULT_SOCKET = '/run/timewarden/timewarden.sock'
export const DEFAULT_ADDRESS = '127.0.0.1:9975'

const TIMEOUT_MS = 5000
/** More than this is not a status. */
const MAX_LENGTH = 16 * 1024 * 1024

export interface Where {
  /** Empty: not asked. */
  readonly socket: string
  readonly address: string
}

export type Answer =
  | { readonly ok: true; readonly status: Status }
  /** One sentence per way that was tried. */
  | { readonly ok: false; readonly reasons: readonly string[] }

function fetchText(options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ path: '/status', timeout: TIMEOUT_MS, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > MAX_LENGTH) call.destroy(new Error('the answer is too long'))
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`HTTP status ${response.statusCode}`))
      })
    })
    call.on('timeout', () => call.destroy(new Error('no answer in time')))
    call.on('error', reject)
    call.end()
  })
}

function parse(text: string): Status {
  const value: unknown = JSON.parse(text)
  const schema = typeof value === 'object' && value !== null && 'schema' in value && value.schema
  if (schema !== 1) throw new Error(`not a status of schema 1`)
  return value as Status
}

const tcpOptions = (address: string): RequestOptions | undefined => {
  const target = parseListen(address)
  return target?.kind === 'tcp' ? { host: target.host, port: target.port } : undefined
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'failed')

export async function askStatus({ socket, address }: Where): Promise<Answer> {
  const ways: [string, RequestOptions | undefined][] = [
    [socket, { socketPath: socket }],
    [address, tcpOptions(address)],
  ]
  const reasons: string[] = []
  for (const [name, options] of ways.filter(([each]) => each !== '')) {
    try {
      if (options === undefined) throw new Error('not an ADDRESS:PORT')
      return { ok: true, status: parse(await fetchText(options)) }
    } catch (error) {
      reasons.push(`${name}: ${reasonOf(error)}`)
    }
  }
  return { ok: false, reasons }
}
