import t from 'tap'
import { mono, utc } from '../agent/core/units.ts'
import { parseResolvConf } from '../agent/dns/resolv-conf.ts'
import { type DnsSetup, simpleSetup } from '../agent/dns/setup.ts'
import { DnsPart } from '../agent/dns-part.ts'
import { simConfig } from '../agent/sim/plain-config.ts'
import { World } from '../agent/sim/world.ts'

const at = (seconds: number) => ({ mono: mono(BigInt(seconds * 1e9)), utc: utc(0n) })
const LATE = 'nameserver 10.0.0.53\n'

/** A node whose resolv.conf is written after the start. */
function built(enabled: boolean) {
  const { dns: config } = simConfig({ dns: { enabled } })
  let later: DnsSetup | undefined
  const files = { setup: simpleSetup(config, ''), reread: () => later }
  const part = new DnsPart(config, new World({ seed: '1' }).node, files)
  return { part, write: () => (later = simpleSetup(config, LATE)) }
}

t.test('a resolv.conf that comes late is known at the next reading of the files', async (t) => {
  const { part, write } = built(true)
  part.handle({ on: 'start' }, at(0))
  write()
  t.equal(part.resolvConf, undefined, 'the probe reads it, so nobody else does')
  part.handle({ on: 'timer', key: 'files' }, at(40))
  t.same(part.resolvConf, parseResolvConf(LATE))
})

t.test('without the probe it is read when it is wanted', async (t) => {
  const { part, write } = built(false)
  t.equal(part.resolvConf, undefined)
  write()
  t.same(part.resolvConf, parseResolvConf(LATE))
  t.equal(part.machines.length, 1, 'and nothing else is')
})
