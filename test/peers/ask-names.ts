/**
 * Resolves names as a source of the agent does before the first lock: by the resolver of the runner, and
 * by our own stub where that fails. Arguments: a name server, and the names. Prints a line of JSON for each.
 */
import type { Action, Event, Now } from '../../agent/core/machine.ts'
import { parseResolvConf } from '../../agent/dns/resolv-conf.ts'
import { Names } from '../../agent/names.ts'
import { systemRandom } from '../../agent/runtime/random.ts'
import { NameResolver } from '../../agent/runtime/runner-resolve.ts'
import { bareRunner } from './bare-runner.ts'

const [server = '', ...wanted] = process.argv.slice(2)
const names = new Names(() => parseResolvConf(`nameserver ${server}\n`), systemRandom)
/** What the ordinary way said, by name. */
const ordinary = new Map<string, string>()
let open = wanted.length

function tell(event: Event): void {
  if (event.on !== 'resolved' && event.on !== 'failed') return
  const { key } = event
  const result =
    event.on === 'failed'
      ? { failed: event.fault.errno }
      : { addresses: event.addresses, unvalidated: event.unvalidated ?? false }
  console.log(JSON.stringify({ name: key, ordinary: ordinary.get(key) ?? 'resolved', ...result }))
  open -= 1
  if (open === 0) void runner.stop()
}

function handle(event: Event, now: Now): readonly Action[] {
  if (event.on === 'start') {
    return wanted.map((name) => names.sent({ do: 'resolve', key: name, name }))
  }
  if (event.on === 'failed' && event.what === 'resolve') ordinary.set(event.key, event.fault.errno)
  const tried = names.failed(event, now)
  if (tried !== undefined) return tried
  const { actions, events } = names.handle(event, now)
  for (const each of [event, ...events]) tell(each)
  return actions
}

const note = () => undefined
const runner = bareRunner({ handle }, note, true, new NameResolver('/dev/null', [server]))
runner.start()
