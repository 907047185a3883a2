/**
 * `timewarden dns --once`: the probe of the agent by itself, for some seconds, with every check in every
 * round. Asks more in a second than the agent does: the answer is wanted now.
 */

import { portFault } from '../../native/errno.ts'
import type { DnsConfig } from '../config/types.ts'
import type { Action, Event, Now } from '../core/machine.ts'
import { probesOf } from '../dns/checks.ts'
import type { OwnClockFacts } from '../dns/facts.ts'
import { NodeFacts } from '../dns/node-facts.ts'
import { DnsProbe } from '../dns/probe.ts'
import type { DnsReport } from '../dns/report.ts'
import { costOf } from '../dns/schedule.ts'
import type { DnsSetup } from '../dns/setup.ts'
import type { Status } from '../observe/status-types.ts'
import { readNow } from '../runtime/clock.ts'
import { createFiles } from '../runtime/files.ts'
import { systemRandom } from '../runtime/random.ts'
import { type Core, Runner, type RunnerOptions } from '../runtime/runner.ts'
import { readDnsFiles, Troubles } from './read-dns.ts'
import type { Terminal } from './terminal.ts'

/** Enough for every diagnosis (dns/rules/evidence.ts) but that of rare losses. */
const ROUNDS = 8
/** What the rounds are spread over: a TTL must have time to fall. */
const SPREAD_SECONDS = 8
const MAX_RATE = 100
const LOOK_MS = 100
const ENOENT = 2

/** Without an agent nothing is known of our clock but what it says. */
function clockOf(status: Status | undefined, now: Now): OwnClockFacts {
  const system = status?.clocks.find(({ name }) => name === 'system')
  const synchronized = system?.state === 'locked' || system?.state === 'holdover'
  const bound = system?.errorBoundSeconds ?? undefined
  return { synchronized, now: Number(now.utc) / 1e9, bound }
}

/** All rounds within the spread, as long as that is not too much. */
function rateOf(config: DnsConfig, { plan }: DnsSetup): { all: number; each: number } {
  const queries = plan.targets.map((target) => {
    const { base, extras } = probesOf(target, config.canaries ?? {})
    return [...base, ...extras].reduce((sum, probe) => sum + costOf(probe), 0)
  })
  const rate = (count: number) => Math.max(1, (count * ROUNDS) / SPREAD_SECONDS)
  const all = queries.reduce((sum, count) => sum + count, 0)
  return {
    all: Math.min(MAX_RATE, rate(all)),
    each: Math.min(MAX_RATE, rate(Math.max(...queries))),
  }
}

/** A DNS probe reads no clocks and stores nothing. */
const runnerOptions = (err: Terminal, readable: readonly string[]): RunnerOptions => ({
  compare: { compare: () => ({ ok: false, fault: portFault('compare', ENOENT) }) },
  identify: { identify: () => ({ ok: false, fault: portFault('identify', ENOENT) }) },
  files: createFiles('/nonexistent', readable),
  log: ({ code, detail }) => {
    if (code === 'resolv-conf' || code === 'degraded') err.line(detail)
  },
})

/** Every page is read twice within the rounds. */
const nodeFacts = ({ servers, resolvConfs }: DnsSetup): NodeFacts =>
  new NodeFacts({
    ...{ servers, resolvConfs: resolvConfs.map(({ file }) => file), random: systemRandom },
    pagePeriod: SPREAD_SECONDS / 2,
  })

const OF_NODE = 'node|'

/** Two machines that do not meet in each other's keys. */
function sideBySide(probe: DnsProbe, node: NodeFacts): Core {
  const named = (action: Action): Action => {
    if ('channel' in action) return { ...action, channel: OF_NODE + action.channel }
    return 'key' in action ? { ...action, key: OF_NODE + action.key } : action
  }
  return {
    handle: (event, now) => {
      if (event.on === 'start' || event.on === 'stop') {
        return [...probe.handle(event, now), ...node.handle(event, now).map(named)]
      }
      const name = 'channel' in event ? event.channel : 'key' in event ? event.key : ''
      if (!name.startsWith(OF_NODE)) return probe.handle(event, now)
      const own = name.slice(OF_NODE.length)
      const renamed = 'channel' in event ? { ...event, channel: own } : { ...event, key: own }
      return node.handle(renamed as Event, now).map(named)
    },
  }
}

function finished(probe: DnsProbe, err: Terminal): Promise<void> {
  return new Promise((resolve) => {
    const looking = setInterval(() => {
      const { rounds, asked, over } = probe.progress
      err.live(`round ${rounds} of ${ROUNDS}, ${asked} queries`)
      if (!over) return
      clearInterval(looking)
      err.clear()
      resolve()
    }, LOOK_MS)
  })
}

export interface MeasureOptions {
  readonly config: DnsConfig
  /** Of the running agent, for its clock. */
  readonly status: Status | undefined
  readonly err: Terminal
}

/** Undefined: there is nobody to ask. */
export async function measureDns(options: MeasureOptions): Promise<DnsReport | undefined> {
  const { config, status, err } = options
  const troubles = new Troubles()
  const setup = readDnsFiles({ config, resolvConfNamed: false }, troubles)
  err.lines(troubles.lines)
  const { all, each } = rateOf(config, setup)
  const probe = new DnsProbe({
    config: { ...config, enabled: true, maxRate: all, maxRatePerTarget: each },
    ...{ setup, random: systemRandom, rounds: ROUNDS },
  })
  const node = nodeFacts(setup)
  const runner = new Runner(sideBySide(probe, node), runnerOptions(err, node.paths))
  runner.start()
  await finished(probe, err)
  await runner.stop()
  const now = readNow()
  probe.learn(node.facts())
  return probe.view(now, clockOf(status, now)).report
}
