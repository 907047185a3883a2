/**
 * `timewarden dns targets`: which name servers this node's DNS depends on, by its files, and why each is
 * asked. Asks none. Exit codes are those of sysexits.h: 66 a named file cannot be read, 78 a file has
 * errors (the plan is what the rest of it says), 0 fine.
 */
import { emptyConfig } from '../config/defaults.ts'
import type { DnsConfig } from '../config/types.ts'
import { readDnsConfig, readDnsFiles, Troubles } from './read-dns.ts'
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

function readConfig(file: string | undefined, troubles: Troubles): DnsConfig {
  const read = readDnsConfig(file)
  if (!('lines' in read)) return read
  troubles.refused(read)
  return emptyConfig().dns
}

export function showDnsTargets(options: DnsTargetsOptions, { out, err }: Screens): number {
  const troubles = new Troubles()
  const { corefile, operator, resolvConf, json } = options
  const config = readConfig(options.config, troubles)
  const given: DnsConfig = {
    ...config,
    ...(corefile !== undefined && { corefile }),
    ...(operator !== undefined && { operator }),
    ...(resolvConf !== undefined && { resolvConf }),
  }
  const { plan } = readDnsFiles(
    { config: given, resolvConfNamed: resolvConf !== undefined },
    troubles,
  )
  err.lines(troubles.lines)
  if (json) out.line(JSON.stringify(plan, null, 2))
  else out.lines(renderPlan(plan, out.paint))
  return troubles.exitCode
}
