/** Names of time sources from a real resolver that validates by a clock that is wrong by a year. */
import { join } from 'node:path'
import t from 'tap'
import { makeMaterial, PROGRAMS } from './dns/material.ts'
import { startKnot, startUnbound } from './dns/servers.ts'
import { AT, openWorld } from './dns/world.ts'
import { needs, nodeArgs } from './harness.ts'

t.setTimeout(60_000)

const SCRIPT = join(import.meta.dirname, 'ask-names.ts')
const ADDRESSES = ['192.0.2.10', '2001:db8::10']
const allowed = needs(...PROGRAMS)
const material = allowed.skip === undefined ? makeMaterial(false) : undefined
t.teardown(() => material?.remove())
const [SIGNED, PLAIN, MISSING] = ['www.alpha.lab', 'www.plain.lab', 'nobody.alpha.lab']

for (const clock of ['+400d', '-400d', undefined]) {
  const title = clock === undefined ? 'a right clock' : `a clock off by ${clock}`
  t.test(`unbound with ${title}`, allowed, async (t) => {
    const world = openWorld('nm', material!)
    t.teardown(() => world.close())
    await startKnot(world)
    await startUnbound(world, clock === undefined ? {} : { clock })
    const args = nodeArgs(SCRIPT, AT.resolver, SIGNED, PLAIN, MISSING)
    const asked = world.path.run(world.path.a, process.execPath, args)
    t.equal(await asked.ended(), 0, asked.output())
    const lines = asked
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
    const told = new Map(lines.map((line) => JSON.parse(line)).map((each) => [each.name, each]))
    const isWrong = clock !== undefined
    t.match(told.get(SIGNED), {
      ...{ ordinary: isWrong ? 'ESERVFAIL' : 'resolved', addresses: ADDRESSES },
      unvalidated: isWrong,
    })
    t.match(told.get(PLAIN), { ordinary: 'resolved', addresses: ADDRESSES, unvalidated: false })
    t.match(told.get(MISSING), { failed: isWrong ? 'ESERVFAIL' : 'ENOTFOUND' })
  })
}
