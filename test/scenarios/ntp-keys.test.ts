/** Somebody on the path forges with the right origin stamp: what a key is good for. */
import t from 'tap'
import { createKeys } from '../../agent/runtime/keys.ts'
import type { AttackerBehaviour } from '../../agent/sim/attacker.ts'
import { Run } from '../../agent/sim/run.ts'
import {
  honest,
  isUsed,
  judge,
  LAN_LIMIT,
  MS,
  nameOf,
  node,
  noted,
  requests,
  SEEDS,
  SETTLED,
  verdicts,
} from './ntp-node.ts'

const SECRET = new TextEncoder().encode('a secret of both ends')
const KEY = 5
const keysOf = (type: 'SHA1' | 'SHA256') => createKeys([{ id: KEY, type, secret: SECRET }])

/** In front of all three servers. */
function attacked(seed: string, behaviour: Partial<AttackerBehaviour>, type?: 'SHA1' | 'SHA256') {
  const attackers = honest(3).map((_, k) => ({
    ...{ server: nameOf(k), seesRequests: true, forged: 2 },
    ...behaviour,
  }))
  if (type === undefined) return new Run(node(seed, honest(3), { attackers })).forSeconds(1500)
  const keys = keysOf(type)
  const servers = honest(3).map((server) => ({ ...server, keys }))
  return new Run(node(seed, servers, { attackers, keys, key: KEY })).forSeconds(1500)
}

const asked = (run: Run): number => requests(run).reduce((sum, count) => sum + count, 0)
const kissed = (run: Run): number => noted(run, 'kiss-deny') + noted(run, 'kiss-rate')

/** What is forged, the id of the key in its MAC, and the type of ours. */
const FORGERIES: readonly [Partial<AttackerBehaviour>, 'SHA1' | 'SHA256'][] = [
  [{ kiss: 'DENY' }, 'SHA1'],
  [{ kiss: 'RATE', keyId: KEY }, 'SHA1'],
  [{ lieNs: 10_000 * MS, keyId: KEY }, 'SHA256'],
  [{ lieNs: 10_000 * MS, keyId: KEY + 1 }, 'SHA256'],
]

for (const seed of SEEDS) {
  t.test(`seed ${seed}: with a key forged kisses and offsets are counted, no more`, async (t) => {
    for (const [forgery, type] of FORGERIES) {
      const run = attacked(seed, forgery, type)
      judge(t, run, { from: SETTLED, error: LAN_LIMIT })
      t.equal(kissed(run), 0, JSON.stringify(forgery))
      const code = forgery.keyId === KEY ? 'bad-mac' : 'unauthenticated'
      t.ok(noted(run, code) > 1.9 * asked(run), `${noted(run, code)} times ${code}`)
      t.ok(Object.values(verdicts(run)).every(isUsed), `${Object.values(verdicts(run))}`)
    }
  })

  t.test(`seed ${seed}: without a key the same kiss silences every server`, async (t) => {
    t.equal(noted(attacked(seed, { kiss: 'DENY' }), 'kiss-deny'), 3)
  })

  t.test(`seed ${seed}: a server that does not know the key is of no use, and told`, async (t) => {
    const strange = createKeys([{ id: KEY, type: 'SHA1', secret: SECRET.slice(1) }])
    const servers = honest(3).map((server, k) => ({
      ...{ ...server, keys: k === 0 ? strange : keysOf('SHA1') },
    }))
    const scenario = node(seed, servers, { keys: keysOf('SHA1'), key: KEY })
    const run = new Run(scenario).forSeconds(1500)
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    t.equal(noted(run, 'crypto-nak'), noted(run, 'crypto-nak', 'ntp:ntp-a'))
    t.ok(noted(run, 'crypto-nak') > 0)
    t.notOk(isUsed(verdicts(run)['ntp-a']))
  })
}
