/**
 * A child for peers tests and benches: the sources of one configuration on the real runner; each
 * sample and note is a JSON line on standard output. It has no discipline, so it cannot steer.
 *
 *   measure.ts 'sources: [{ ntp: { server: 10.99.0.1 } }]' [--dgram] [--views MILLISECONDS]
 *
 * A sample carries `measuredAt`, its moment on CLOCK_REALTIME in ns; with --views each source is shown
 * at that interval as `{ do: 'view', ... }`.
 */
import { parseArgs } from 'node:util'
import { readKeys } from '../../agent/cli/read-keys.ts'
import { loadConfig } from '../../agent/config/load.ts'
import type { Action, Event, Now } from '../../agent/core/machine.ts'
import { readNow } from '../../agent/runtime/clock.ts'
import { systemRandom } from '../../agent/runtime/random.ts'
import type { Core } from '../../agent/runtime/runner.ts'
import { createSources } from '../../agent/sources/catalogue.ts'
import { bareRunner } from './bare-runner.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { dgram: { type: 'boolean' }, views: { type: 'string' } },
})
const [yaml = ''] = positionals
const loaded = loadConfig(yaml, 'argument')
if (!loaded.ok) {
  console.error(JSON.stringify(loaded.faults))
  process.exit(78)
}
const built = createSources({
  config: loaded.config,
  random: systemRandom,
  keys: readKeys(loaded.config, yaml, 'argument').keys,
  phcs: [],
  named: () => undefined,
  clockOf: (index) => (index === undefined || index < 0 ? 'system' : `phc:ptp${index}`),
})

const print = (line: object): void => {
  console.log(
    JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
  )
}

/** Prints what a source has to say; the rest comes back under the source's name. */
function perform(action: Action, prefix: string, now: Now): Action[] {
  if (action.do === 'sample') {
    const measuredAt = now.utc - (now.mono - action.sample.at)
    print({ ...action.sample, measuredAt, do: 'sample' })
    return []
  }
  if (action.do === 'note' || action.do === 'upstream') {
    print(action)
    return []
  }
  if ('channel' in action) return [{ ...action, channel: prefix + action.channel }]
  return [{ ...action, key: prefix + action.key }]
}

const nameOf = (event: Event): string | undefined => {
  if ('key' in event) return event.key
  return 'channel' in event ? event.channel : undefined
}

/** Routes by source id as the agent does, and keeps nothing. */
const core: Core = {
  handle: (event: Event, now: Now): Action[] =>
    built.flatMap(({ source }) => {
      const prefix = `${source.id}|`
      const name = nameOf(event)
      if (name !== undefined && !name.startsWith(prefix)) return []
      const rest = name?.slice(prefix.length)
      const own = { ...event, ...('key' in event ? { key: rest } : { channel: rest }) } as Event
      return source.handle(own, now).flatMap((action) => perform(action, prefix, now))
    }),
}

const runner = bareRunner(core, print, values.dgram !== true)
runner.start()
const views = Number(values.views ?? 0)
if (views > 0) {
  setInterval(() => {
    for (const { source } of built) print({ do: 'view', ...source.view(readNow()) })
  }, views)
}
process.on('SIGTERM', () => {
  void runner.stop().then(() => process.exit(0))
})
