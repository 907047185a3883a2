/**
 * `timewarden dns targets`: which name servers this node's DNS depends on, by its files, and why each is
 * asked. Asks none. Exit codes are those of sysexits.h: 66 a named file cannot be read, 78 a file has
 * errors (the plan is what the rest of it says), 0 fine.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { emptyConfig } from '../config/defaults.ts'
import { loadDnsOperators } from '../config/dns-operator.ts'
import { forwardingOf } from '../config/dns-operator-render.ts'
import { formatFault } from '../config/faults.ts'
import { loadConfig } from '../config/load.ts'
import type { DnsConfig, DnsEndpointConfig } from '../config/types.ts'
import { parseCorefile } from '../dns/corefile.ts'
import { formatCorefileFault, severityOf } from '../dns/corefile-faults.ts'
import type { CorefileFiles } from '../dns/corefile-reader.ts'
import { forwardersOf } from '../dns/forwarding.ts'
import type { Forwarding } from '../dns/forwarding-types.ts'
import { planTargets } from '../dns/plan.ts'
import type { NamedResolvConf, NamedServer } from '../dns/plan-types.ts'
import { parseResolvConf } from '../dns/resolv-conf.ts'
import { DNS_PORT } from '../dns/targets.ts'
import { EX_CONFIG } from './check-config.ts'
import { EX_NOINPUT, readText } from './read-text.ts'
import { renderPlan } from './render-plan.ts'
import type { Screens } from './status.ts'

export interface DnsTargetsOptions {
  /** The agent's configuration; what is given beside it comes before what it says. */
  readonly config: string | undefined
  readonly corefile: string | undefined
  readonly operator: string | undefined
  readonly resolvConf: string | undefined
  readonly json: boolean
}

/** What was found wrong; the worst decides the exit code. */
class Troubles {
  readonly lines: string[] = []
  exitCode = 0

  unreadable(file: string, reason: string): void {
    this.lines.push(`${file}: ${reason}`)
    this.exitCode = EX_NOINPUT
  }

  add(lines: readonly string[], bad: boolean): void {
    this.lines.push(...lines)
    if (bad && this.exitCode === 0) this.exitCode = EX_CONFIG
  }
}

function readOr(file: string, troubles: Troubles): string | undefined {
  const content = readText(file)
  if ('text' in content) return content.text
  troubles.unreadable(file, content.reason)
  return undefined
}

const FILES: CorefileFiles = {
  get: (path) => {
    const content = readText(path)
    return 'text' in content ? content.text : undefined
  },
  list: (directory) => {
    try {
      return readdirSync(directory || '.').map((name) => (directory ? join(directory, name) : name))
    } catch {
      return [] // a directory that is not there matches nothing
    }
  },
}

function readConfig(file: string | undefined, troubles: Troubles): DnsConfig {
  const usual = emptyConfig().dns
  const text = file === undefined ? undefined : readOr(file, troubles)
  if (file === undefined || text === undefined) return usual
  const loaded = loadConfig(text, file)
  if (loaded.ok) return loaded.config.dns
  troubles.add(loaded.faults.map(formatFault), true)
  return usual
}

function readCorefile(file: string | undefined, troubles: Troubles): Forwarding[] {
  const text = file === undefined ? undefined : readOr(file, troubles)
  if (file === undefined || text === undefined) return []
  const forwarding = forwardersOf(parseCorefile(text, { file, files: FILES }))
  const { faults } = forwarding
  const bad = faults.some((fault) => severityOf(fault) === 'error')
  troubles.add(faults.map(formatCorefileFault), bad)
  return [forwarding]
}

interface Operators {
  readonly forwarding: readonly Forwarding[]
  readonly clusterDns: readonly NamedServer[]
}

function readOperators(file: string | undefined, troubles: Troubles): Operators {
  const none = { forwarding: [], clusterDns: [] }
  const text = file === undefined ? undefined : readOr(file, troubles)
  if (file === undefined || text === undefined) return none
  const loaded = loadDnsOperators(text, file)
  troubles.add((loaded.ok ? loaded.notices : loaded.faults).map(formatFault), !loaded.ok)
  if (!loaded.ok) return none
  return {
    forwarding: loaded.resources.map((each) => forwardingOf(each)),
    clusterDns: loaded.resources.flatMap(({ clusterIP }) =>
      clusterIP === undefined
        ? []
        : [{ address: clusterIP.address, port: DNS_PORT, origin: clusterIP.place }],
    ),
  }
}

/** One that nobody named may be missing. */
function readResolvConf(
  file: string | undefined,
  named: boolean,
  troubles: Troubles,
): NamedResolvConf | undefined {
  if (file === undefined) return undefined
  const content = readText(file)
  if ('text' in content) return { file, resolvConf: parseResolvConf(content.text) }
  if (named) troubles.unreadable(file, content.reason)
  return undefined
}

const at53 = (addresses: readonly string[] = []): DnsEndpointConfig[] =>
  addresses.map((address) => ({ address, port: DNS_PORT }))

/** With the field of the configuration that names them. */
const named = (field: string, servers: readonly DnsEndpointConfig[]): NamedServer[] =>
  servers.map((server, index) => ({
    ...server,
    origin: { file: `dns.${field}[${index}]`, line: undefined },
  }))

export function showDnsTargets(options: DnsTargetsOptions, { out, err }: Screens): number {
  const troubles = new Troubles()
  const config = readConfig(options.config, troubles)
  const operators = readOperators(options.operator ?? config.operator, troubles)
  const corefile = readCorefile(options.corefile ?? config.corefile, troubles)
  const wanted = options.resolvConf !== undefined
  const plan = planTargets({
    hostResolvConf: readResolvConf(options.resolvConf ?? config.resolvConf, wanted, troubles),
    podResolvConf: readResolvConf(config.podResolvConf, true, troubles),
    clusterDnsIps: [...named('clusterDns', at53(config.clusterDns)), ...operators.clusterDns],
    nodeCacheIps: named('nodeCache', at53(config.nodeCache)),
    coreDnsEndpoints: named('coreDns', config.coreDns ?? []),
    forwarding: [...corefile, ...operators.forwarding],
    config,
  })
  err.lines(troubles.lines)
  if (options.json) out.line(JSON.stringify(plan, null, 2))
  else out.lines(renderPlan(plan, out.paint))
  return troubles.exitCode
}
