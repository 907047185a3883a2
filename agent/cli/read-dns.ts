/** The files that say which name servers this node's DNS depends on, read at the edge. */
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
import { DNS_PORT, planTargets } from '../dns/plan.ts'
import type { NamedServer, Plan } from '../dns/plan-types.ts'
import { parseResolvConf } from '../dns/resolv-conf.ts'
import type { ServerPageOptions } from '../dns/server-pages.ts'
import type { DnsSetup, KnownResolvConf } from '../dns/setup.ts'
import { labelOf } from '../dns/upstream.ts'
import type { DnsFiles } from '../dns-part.ts'
import { readTrust } from '../runtime/certificates.ts'
import { EX_CONFIG } from './check-config.ts'
import { EX_NOINPUT, readText } from './read-text.ts'

/** What was found wrong; the worst decides the exit code. */
export class Troubles {
  readonly lines: string[] = []
  exitCode = 0

  unreadable(file: string, reason: string): void {
    this.lines.push(`${file}: ${reason}`)
    this.exitCode = EX_NOINPUT
  }

  refused({ lines, exitCode }: Refusal): void {
    this.lines.push(...lines)
    this.exitCode = exitCode
  }

  add(lines: readonly string[], bad: boolean): void {
    this.lines.push(...lines)
    if (bad && this.exitCode === 0) this.exitCode = EX_CONFIG
  }
}

export function readOr(file: string, troubles: Troubles): string | undefined {
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

/** Undefined: there is none. One that nobody named may be missing. */
function readResolvConf(file: string, named: boolean, troubles: Troubles): KnownResolvConf {
  const content = readText(file)
  if ('text' in content) return { file, resolvConf: parseResolvConf(content.text) }
  if (named) troubles.unreadable(file, content.reason)
  return { file, resolvConf: undefined }
}

const at53 = (addresses: readonly string[] = []): DnsEndpointConfig[] =>
  addresses.map((address) => ({ address, port: DNS_PORT }))

/** With the field of the configuration that names them. */
const named = (field: string, servers: readonly DnsEndpointConfig[]): NamedServer[] =>
  servers.map((server, index) => ({
    ...server,
    origin: { file: `dns.${field}[${index}]`, line: undefined },
  }))

/** What is there, named outright; `resolvConf`: somebody named it, so that it must be there. */
export interface DnsFilesOptions {
  readonly config: DnsConfig
  readonly resolvConfNamed: boolean
}

function readCertificates({ targets }: Plan, troubles: Troubles): Record<string, string> {
  const files = new Set(targets.flatMap(({ tls }) => tls?.ca ?? []))
  const texts: Record<string, string> = {}
  for (const file of files) {
    const text = readOr(file, troubles)
    if (text === undefined) continue
    if (readTrust(text) === undefined) troubles.add([`${file}: no certificate in PEM`], true)
    else texts[file] = text
  }
  return texts
}

/** Ports of CoreDNS' pages: those of the Corefile, if there is one; 0: it has no such page. */
function pagePorts(
  forwarding: readonly Forwarding[],
): Omit<ServerPageOptions, 'label' | 'address'> {
  if (forwarding.length === 0) return {}
  const portOf = (kind: keyof Forwarding['endpoints']): number =>
    forwarding.flatMap(({ endpoints }) => endpoints[kind])[0]?.port ?? 0
  return {
    healthPort: portOf('health'),
    readyPort: portOf('ready'),
    metricsPort: portOf('metrics'),
  }
}

export function readDnsFiles(
  { config, resolvConfNamed }: DnsFilesOptions,
  troubles: Troubles,
): DnsSetup {
  const operators = readOperators(config.operator, troubles)
  const forwarding = [...readCorefile(config.corefile, troubles), ...operators.forwarding]
  const host = readResolvConf(config.resolvConf, resolvConfNamed, troubles)
  const { podResolvConf } = config
  const pod = podResolvConf === undefined ? [] : [readResolvConf(podResolvConf, true, troubles)]
  const found = ({ file, resolvConf }: KnownResolvConf) => resolvConf && { file, resolvConf }
  const plan = planTargets({
    hostResolvConf: found(host),
    podResolvConf: pod.map(found)[0],
    clusterDnsIps: [...named('clusterDns', at53(config.clusterDns)), ...operators.clusterDns],
    nodeCacheIps: named('nodeCache', at53(config.nodeCache)),
    coreDnsEndpoints: named('coreDns', config.coreDns ?? []),
    ...{ forwarding, config },
  })
  const certificates = readCertificates(plan, troubles)
  const ports = pagePorts(forwarding)
  const servers = (config.coreDns ?? []).map(({ address, port }) => {
    return { label: labelOf(address, port, false), address, ...ports }
  })
  return { plan, resolvConfs: [host, ...pod], certificates, servers }
}

/** Read now, and again whenever it is asked for; what is wrong is told once as long as it stays. */
export function watchDnsFiles(config: DnsConfig, note: (line: string) => void): DnsFiles {
  let told: readonly string[] = []
  const read = (): DnsSetup => {
    const troubles = new Troubles()
    const setup = readDnsFiles({ config, resolvConfNamed: false }, troubles)
    for (const line of troubles.lines) if (!told.includes(line)) note(line)
    told = troubles.lines
    return setup
  }
  const setup = read()
  let text = JSON.stringify(setup)
  const reread = (): DnsSetup | undefined => {
    const next = read()
    const changed = JSON.stringify(next) !== text
    text = JSON.stringify(next)
    return changed ? next : undefined
  }
  return { setup, reread }
}

/** A setting that is wrong. */
export interface Refusal {
  readonly exitCode: number
  readonly lines: readonly string[]
}

export function readDnsConfig(file: string | undefined): DnsConfig | Refusal {
  if (file === undefined) return emptyConfig().dns
  const content = readText(file)
  if ('reason' in content) {
    return { exitCode: EX_NOINPUT, lines: [`${file}: ${content.reason}`] }
  }
  const loaded = loadConfig(content.text, file)
  if (loaded.ok) return loaded.config.dns
  return { exitCode: EX_CONFIG, lines: loaded.faults.map(formatFault) }
}
