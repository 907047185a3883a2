/** What the probe is given at its start: the plan, and what the files said that it was made of. */
import type { DnsConfig } from '../config/types.ts'
import type { ForwardFacts, ResolvConfFacts } from './facts.ts'
import { DNS_PORT, planTargets } from './plan.ts'
import type { NamedResolvConf, Plan } from './plan-types.ts'
import { parseResolvConf, type ResolvConf } from './resolv-conf.ts'
import type { ServerPageOptions } from './server-pages.ts'
import { trimmed } from './zone-key.ts'

/** A resolv.conf; undefined: there is no such file. */
export interface KnownResolvConf {
  readonly file: string
  readonly resolvConf: ResolvConf | undefined
}

export interface DnsSetup {
  readonly plan: Plan
  /** That of the node first. */
  readonly resolvConfs: readonly KnownResolvConf[]
  /** Texts of the CA files by path; one that is missing could not be read. */
  readonly certificates: Readonly<Record<string, string>>
  /** Whose own pages are read. */
  readonly servers: readonly ServerPageOptions[]
}

export const forwardFacts = ({ groups }: Plan): ForwardFacts[] =>
  groups.map(({ id, zones, members, policy, readTimeout, maxFails }) => ({
    ...{ id, place: id, zones: zones.map(trimmed), upstreams: members },
    ...{ policy, readTimeout, maxFails },
  }))

const NO_FILE = parseResolvConf('')

export function resolvConfFacts({ file, resolvConf }: KnownResolvConf): ResolvConfFacts {
  const { nameservers, search, options } = resolvConf ?? NO_FILE
  const { ndots, timeout, attempts, rotate } = options
  return {
    ...{ path: file, missing: resolvConf === undefined, search },
    ...{ ndots, timeout, attempts, rotate },
    nameservers: nameservers.filter(({ used }) => used).map(({ address }) => address),
    ignored: nameservers.filter(({ used }) => !used).map(({ address }) => address),
  }
}

/** Of the configuration and resolv.conf alone; an empty text: there is no such file. */
export function simpleSetup(config: DnsConfig, text: string): DnsSetup {
  const file = config.resolvConf
  const resolvConf = text.trim() === '' ? undefined : parseResolvConf(text)
  const host: NamedResolvConf | undefined = resolvConf && { file, resolvConf }
  const servers = (addresses: readonly string[] = [], field: string) =>
    addresses.map((address, index) => ({
      ...{ address, port: DNS_PORT },
      origin: { file: `dns.${field}[${index}]`, line: undefined },
    }))
  const plan = planTargets({
    ...{ hostResolvConf: host, config, coreDnsEndpoints: [], forwarding: [] },
    clusterDnsIps: servers(config.clusterDns, 'clusterDns'),
    nodeCacheIps: servers(config.nodeCache, 'nodeCache'),
  })
  return { plan, resolvConfs: [{ file, resolvConf }], certificates: {}, servers: [] }
}
