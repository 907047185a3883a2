/** The pages of CoreDNS about itself: `pages ADDRESS READY_STATUS PANICS`, on its usual ports. */
import { createServer } from 'node:http'

const [address = '', ready = '200', panics = '0'] = process.argv.slice(2)

interface Page {
  readonly port: number
  readonly path: string
  readonly status: number
  readonly body: string
}

/** Plugins `health`, `ready` and `prometheus`; `ready` lists the plugins that it waits for. */
const PAGES: readonly Page[] = [
  { port: 8080, path: '/health', status: 200, body: 'OK' },
  {
    ...{ port: 8181, path: '/ready', status: Number(ready) },
    body: ready === '200' ? 'OK' : 'kubernetes',
  },
  {
    ...{ port: 9153, path: '/metrics', status: 200 },
    body: [
      '# HELP coredns_panics_total A metrics that counts the number of panics.',
      '# TYPE coredns_panics_total counter',
      `coredns_panics_total ${panics}`,
      '# HELP coredns_forward_healthcheck_broken_total Counter of complete failures.',
      '# TYPE coredns_forward_healthcheck_broken_total counter',
      'coredns_forward_healthcheck_broken_total 0',
      '',
    ].join('\n'),
  },
]

await Promise.all(
  PAGES.map(({ port, path, status, body }) => {
    const server = createServer((request, response) => {
      const found = request.url === path
      response.writeHead(found ? status : 404, { 'content-type': 'text/plain' })
      response.end(found ? body : '')
    })
    return new Promise<void>((resolve) => server.listen(port, address, resolve))
  }),
)
console.log('pages listen')
