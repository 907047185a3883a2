import t from 'tap'
import { namesTried, planLookup, type ServerState } from '../../agent/dns/lookup.ts'
import { resolvConf } from './facts-fixture.ts'

const SEARCH = { search: ['a.test', 'b.test.'], ndots: 2 }

t.test('which names a stub tries, in order', async (t) => {
  t.same(namesTried(SEARCH, 'www'), ['www.a.test', 'www.b.test', 'www'])
  t.same(namesTried(SEARCH, 'www.c.d'), ['www.c.d', 'www.c.d.a.test', 'www.c.d.b.test'])
  t.same(namesTried(SEARCH, 'www.'), ['www'], 'a dot at the end ends the search')
  t.same(namesTried(SEARCH, '.'), ['.'])
  t.same(namesTried({ search: [], ndots: 5 }, 'www'), ['www'])
  t.same(namesTried({ search: ['.'], ndots: 5 }, 'www'), ['www', 'www'], 'the root as a domain')
})

const plan = (states: readonly ServerState[], more = {}) => {
  const nameservers = states.map((_, index) => `10.0.0.${index}`)
  const conf = resolvConf({ nameservers, search: ['a.test'], ndots: 5, ...more })
  return planLookup(conf, 'www.b', (address) => states[Number(address.at(-1))] ?? 'unknown')
}

t.test('what a lookup costs', async (t) => {
  t.match(plan(['answers']), { queries: 4, wait: 0, steps: [{ answeredBy: '10.0.0.0' }, {}] })
  t.match(plan(['silent', 'answers']), { queries: 8, wait: 10, steps: [{ wait: 5 }, { wait: 5 }] })
  t.match(plan(['refuses', 'unknown']), {
    queries: 8,
    wait: 0,
    steps: [{ answeredBy: '10.0.0.1' }],
  })
  t.match(plan(['silent', 'refuses']), {
    queries: 16,
    wait: 20,
    steps: [{ answeredBy: undefined }],
  })
  t.match(plan([]), { queries: 0, wait: 0, servers: [] })
  t.equal(
    plan(['silent', 'silent', 'silent', 'answers']).steps[0]?.answeredBy,
    undefined,
    'a fourth',
  )
})
