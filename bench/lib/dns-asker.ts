/**
 * A child of bench:dns-latency: one question over UDP at a steady rate through the agent's own query machine
 * and the real runner, then one JSON line `{ seconds: [...], results: {...}, kernel }`, where `kernel` counts the
 * queries whose both stamps were the kernel's.
 *
 *   dns-asker.ts ADDRESS PORT NAME RATE SECONDS
 */
import type { Action, Event, Now } from '../../agent/core/machine.ts'
import { plus, seconds } from '../../agent/core/units.ts'
import { USUAL_EDNS } from '../../agent/dns/message.ts'
import { Query, type Step } from '../../agent/dns/query.ts'
import type { Core } from '../../agent/runtime/runner.ts'
import { bareRunner } from '../../test/peers/bare-runner.ts'

const [, , address = '', port = '', name = '', rate = '', length = ''] = process.argv
const NEXT = 'next'

/** The one place that knows how a query is made. */
function openQuery(channel: string): Query {
  const ask = {
    ...{ question: { name, type: 'A' as const }, edns: USUAL_EDNS },
    checkingDisabled: false,
  }
  const ids = [Math.floor(Math.random() * 65_536)]
  return new Query({
    ...{ address, port: Number(port), transport: 'udp', channel, ids, asks: [ask], timeout: 1 },
  })
}

const latencies: number[] = []
const results: Record<string, number> = {}
const stamps = { sent: 0, received: 0 }
let count = 0
let channel = ''
let query: Query | undefined
let due: Now['mono'] | undefined

function record({ actions, outcomes }: Step): readonly Action[] {
  for (const { result, seconds } of outcomes) {
    results[result] = (results[result] ?? 0) + 1
    if (seconds !== undefined) latencies.push(seconds)
  }
  return actions
}

function next(now: Now): Action[] {
  due = plus(due ?? now.mono, seconds(1 / Number(rate)))
  const again: Action = { do: 'timer', key: NEXT, at: due }
  if (query !== undefined && !query.done) return [again]
  channel = `q${count++}`
  query = openQuery(channel)
  return [...query.start(now), again]
}

const isOwn = (event: Event): event is Parameters<Query['handle']>[0] =>
  ('key' in event && event.key === channel) || ('channel' in event && event.channel === channel)

const core: Core = {
  handle: (event, now) => {
    if (event.on === 'start' || (event.on === 'timer' && event.key === NEXT)) return next(now)
    if (query === undefined || !isOwn(event)) return []
    if ((event.on === 'sent' || event.on === 'received') && event.stamp.kind === 'kernel') {
      stamps[event.on] += 1
    }
    return record(query.handle(event, now))
  },
}

const runner = bareRunner(core, () => undefined)
runner.start()
setTimeout(() => {
  const kernel = Math.min(stamps.sent, stamps.received)
  console.log(JSON.stringify({ seconds: latencies, results, kernel }))
  void runner.stop().then(() => process.exit(0))
}, Number(length) * 1000)
