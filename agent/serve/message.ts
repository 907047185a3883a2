/** A request and a response as plain values: routes are functions between them. */
export interface Request {
  readonly method: string
  /** Path and query as received. */
  readonly target: string
}

export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Handler = (request: Request) => Promise<Response>

/** Nothing here is for caches, frames or guesses of a browser. */
const COMMON = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const

export const respond = (
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Response => ({ status, headers: { ...COMMON, 'content-type': type, ...headers }, body })

export const respondText = (status: number, text: string): Response =>
  respond(status, 'text/plain; charset=utf-8', `${text}\n`)
