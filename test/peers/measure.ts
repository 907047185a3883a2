/**
 * A child for peers tests and benches: the sources of one configuration on the real runner; each
 * sample and note is a JSON line on standard output. It has no discipline, so it cannot steer.
 *
 *   measure.ts 'sources: [{ ntp: { server: 10.99.0.1 } }]' [--dgram]
 */
import { loadConfig } from '../../agent/config/load.ts'
import type { Action, Event, Now } from '../../agent/core/machine.ts'
import { createIdentifier } from '../../agent/runtime/identify.ts'
import { systemRandom } from '../../agent/runtime/random.ts'
import { type Core, Runner } from '../../agent/runtime/runner.ts'
import { createSources } from '../../agent/sources/catalogue.ts'

const [yaml = '', flag = ''] = process.argv.slice(2)
const loaded = loadConfig(yaml, 'argument')
if (!loaded.ok) {
  console.error(JSON.stringify(loaded.faults))
  process.exit(78)
}
const built = createSources({
  config: loaded.config,
  random: systemRandom,
  phcs: [],
  clockOf: (index) => (index === undefined || index < 0 ? 'system' : `phc:ptp${index}`),
})

const print = (line: object): void => {
  console.log(
    JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
  )
}

/** Routes by source id as the agent does, and keeps nothing. */
const core: Core = {
  handle: (event: Event, now: Now): Action[] => {
    const out: Action[] = []
    const key = 'key' in event ? event.key : 'channel' in event ? event.channel : undefined
    for (const { source } of built) {
      const prefix = `${source.id}|`
      if (key !== undefined && !key.startsWith(prefix)) continue
      const rest = key?.slice(prefix.length)
      const own = { ...event, ...('key' in event ? { key: rest } : { channel: rest }) } as Event
      for (const action of source.handle(own, now)) {
        if (action.do === 'sample') print({ ...action.sample, do: 'sample' })
        else if (action.do === 'note' || action.do === 'upstream') print(action)
        else if ('channel' in action) out.push({ ...action, channel: prefix + action.channel })
        else out.push({ ...action, key: prefix + action.key })
      }
    }
    return out
  },
}

const runner = new Runner(core, {
  compare: {
    compare: () => ({ ok: false, fault: { code: 'NO_DEVICE', syscall: 'none', errno: '' } }),
  },
  identify: createIdentifier(),
  files: {
    load: async () => ({ ok: false, fault: { code: 'NOT_FOUND', syscall: 'none', errno: '' } }),
    store: async () => ({ ok: true }),
  },
  log: print,
  kernelStamps: flag !== '--dgram',
})
runner.start()
process.on('SIGTERM', () => {
  void runner.stop().then(() => process.exit(0))
})
