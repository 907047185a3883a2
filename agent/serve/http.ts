/**
 * The routes: pure functions from a request to a response over a snapshot. Everything is read-only.
 *
 *   /metrics   Prometheus text; one rendering per snapshot, shared by scrapes that come together
 *   /livez     200 while the agent handles events, 503 otherwise
 *   /readyz    200 once something was measured; `?require=sync`: and the system clock may be trusted
 *   /status    JSON, schema in observe/status-types.ts
 *   /          the page
 */
import { type Check, checkLiveness, checkReadiness } from '../observe/health.ts'
import { CONTENT_TYPE, renderMetrics } from '../observe/metrics.ts'
import type { Snapshot } from '../observe/snapshot.ts'
import { toStatus } from '../observe/status-json.ts'
import { type Handler, type Response, respond, respondText } from './message.ts'
import { createPage } from './page/page.ts'
import type { SnapshotProvider } from './provider.ts'

type Route = (query: URLSearchParams) => Response | Promise<Response>

const METHODS = ['GET', 'HEAD']

/** One rendering per snapshot: the provider decides how often there is a new one. */
function cached<T>(provider: SnapshotProvider, render: (snapshot: Snapshot) => T): () => T {
  let last: { readonly snapshot: Snapshot; readonly value: T } | undefined
  return () => {
    const snapshot = provider.snapshot()
    if (last?.snapshot !== snapshot) last = { snapshot, value: render(snapshot) }
    return last.value
  }
}

const answer = ({ ok, reason }: Check): Response =>
  respondText(ok ? 200 : 503, `${ok ? 'ok' : 'not ok'}: ${reason}`)

function createRoutes(provider: SnapshotProvider): Readonly<Record<string, Route>> {
  const metrics = cached(provider, (snapshot) =>
    renderMetrics({ snapshot, process: provider.process() }),
  )
  const status = cached(provider, (snapshot) => `${JSON.stringify(toStatus(snapshot))}\n`)
  const page = createPage()
  return {
    '/': page,
    '/metrics': async () => respond(200, CONTENT_TYPE, await metrics()),
    '/status': () => respond(200, 'application/json; charset=utf-8', status()),
    '/livez': () => answer(checkLiveness(provider.heartbeatAge())),
    '/readyz': (query) =>
      answer(checkReadiness(provider.snapshot(), query.get('require') === 'sync')),
  }
}

export function createHandler(provider: SnapshotProvider): Handler {
  const routes = new Map(Object.entries(createRoutes(provider)))
  return async ({ method, target }) => {
    if (!METHODS.includes(method)) {
      const refused = respondText(405, 'only GET and HEAD: this interface changes nothing')
      return { ...refused, headers: { ...refused.headers, allow: METHODS.join(', ') } }
    }
    const [path = '', ...query] = target.split('?')
    const route = routes.get(path)
    if (route === undefined) {
      return respondText(404, `not here; there is ${[...routes.keys()].join(' ')}`)
    }
    return route(new URLSearchParams(query.join('?')))
  }
}
