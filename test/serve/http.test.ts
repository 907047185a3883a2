import t from 'tap'
import { createHandler } from '../../agent/serve/http.ts'
import type { SnapshotProvider } from '../../agent/serve/provider.ts'
import { fresh, healthy, processView, snapshot } from '../observe/fixture.ts'

const provider = (over: Partial<SnapshotProvider> = {}): SnapshotProvider => ({
  snapshot: () => snapshot,
  process: () => processView,
  heartbeatAge: () => 0.4,
  ...over,
})
const get = (target: string, over: Partial<SnapshotProvider> = {}) =>
  createHandler(provider(over))({ method: 'GET', target })

t.test('metrics are text for Prometheus', async (t) => {
  const { status, headers, body } = await get('/metrics')
  t.equal(status, 200)
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
  t.match(body, 'timewarden_clock_offset_seconds{clock="system",source="phc:eth0"} 1.24e-8')
})

t.test('scrapes of one snapshot share one rendering, a new snapshot makes another', async (t) => {
  let current = snapshot
  let renderings = 0
  const handler = createHandler(
    provider({
      snapshot: () => current,
      process: () => {
        renderings += 1
        return processView
      },
    }),
  )
  const scrape = () => handler({ method: 'GET', target: '/metrics' })
  const [a, b] = await Promise.all([scrape(), scrape()])
  await scrape()
  t.equal(renderings, 1)
  t.equal(a.body, b.body)
  current = healthy
  await scrape()
  t.equal(renderings, 2)
})

t.test('the status is JSON of schema 1', async (t) => {
  const { headers, body } = await get('/status')
  t.match(headers['content-type'], 'application/json')
  t.equal(JSON.parse(body).schema, 1)
  t.equal(JSON.parse(body).level, 'warning')
})

t.test('alive, ready and synchronised are three questions', async (t) => {
  const codes = async (over: Partial<SnapshotProvider>) =>
    Promise.all(
      ['/livez', '/readyz', '/readyz?require=sync'].map(
        async (target) => (await get(target, over)).status,
      ),
    )
  const acquiring = { ...healthy, clocks: [{ ...healthy.clocks[0]!, state: 'acquiring' as const }] }
  t.same(await codes({}), [200, 200, 200])
  t.same(await codes({ snapshot: () => acquiring }), [200, 200, 503])
  t.same(await codes({ snapshot: () => fresh }), [200, 503, 503])
  t.same(await codes({ heartbeatAge: () => 60 }), [503, 200, 200])
  t.match((await get('/livez', { heartbeatAge: () => 60 })).body, /^not ok: .*no event for 1 min/)
})

t.test('whoever wants to change something is refused', async (t) => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, headers } = await createHandler(provider())({ method, target: '/metrics' })
    t.equal(status, 405, method)
    t.equal(headers['allow'], 'GET, HEAD')
  }
  t.equal((await createHandler(provider())({ method: 'HEAD', target: '/status' })).status, 200)
})

t.test('a path that is not there says what is', async (t) => {
  for (const target of ['/x', '', '//', '/metrics/', '/__proto__', '/constructor', '*']) {
    t.equal((await get(target)).status, 404, target)
  }
  t.match((await get('/x')).body, '/metrics')
})

t.test('a query with more question marks is still one query', async (t) => {
  t.equal((await get('/readyz?a=?&require=sync')).status, 200)
})
