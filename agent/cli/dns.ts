import { planLookup, type ServerState } from '../dns/lookup.ts'
import { parseResolvConf } from '../dns/resolv-conf.ts'
import { EXIT_CODES, type Level } from '../observe/health.ts'
import { NO_REPORT, reportStatus } from '../observe/status-json.ts'
import type { DnsStatus } from '../observe/status-types.ts'
import { askStatus, type Where } from './client.ts'
import { measureDns } from './measure-dns.ts'
import { readDnsConfig } from './read-dns.ts'
import { readText } from './read-text.ts'
import { renderDns, renderLookup } from './render-dns.ts'
import { reportSilence, type Screens } from './status.ts'
import type { Terminal } from './terminal.ts'

export interface DnsOptions extends Where {
  readonly json: boolean
  /** Measure here and now instead of asking the agent. */
  readonly once: boolean
  /** Of the agent; with `once` alone. */
  readonly config: string | undefined
}

export interface ExplainOptions extends Where {
  readonly name: string
  readonly resolvConf: string
  readonly json: boolean
}

/** Worst of the diagnoses; `info` is no fault, and without a measurement nothing is known. */
export function dnsLevel({ matrix, diagnoses }: Pick<DnsStatus, 'matrix' | 'diagnoses'>): Level {
  const has = (severity: string) => diagnoses.some((each) => each.severity === severity)
  if (has('critical')) return 'critical'
  if (has('warning')) return 'warning'
  return matrix.length === 0 ? 'unknown' : 'ok'
}

type Shown = Pick<DnsStatus, 'matrix' | 'diagnoses'>

async function measured(options: DnsOptions, { err }: Screens): Promise<Shown | number> {
  const config = readDnsConfig(options.config)
  if ('exitCode' in config) {
    err.lines(config.lines)
    return config.exitCode
  }
  const answer = await askStatus(options)
  const status = answer.ok ? answer.status : undefined
  return reportStatus((await measureDns({ config, status, err })) ?? NO_REPORT)
}

async function asked(options: DnsOptions, err: Terminal): Promise<Shown | number> {
  const answer = await askStatus(options)
  return answer.ok ? answer.status.dns : reportSilence(answer, err)
}

export async function showDns(options: DnsOptions, screens: Screens): Promise<number> {
  const { out, err } = screens
  const dns = options.once ? await measured(options, screens) : await asked(options, err)
  if (typeof dns === 'number') return dns
  if (options.json) out.line(JSON.stringify(dns, null, 2))
  else out.lines(renderDns(dns, out.paint))
  return EXIT_CODES[dnsLevel(dns)]
}

const STATES: Readonly<Record<string, ServerState>> = {
  refused: 'refuses',
  silent: 'silent',
  unasked: 'unknown',
}

/** A stub asks over UDP; without an agent nothing is known, and nothing is guessed. */
function stateIn(dns: DnsStatus | undefined): (address: string) => ServerState {
  return (address) => {
    const row = dns?.matrix.find(({ target }) => target === address)
    return row === undefined ? 'unknown' : (STATES[row.udp.mark] ?? 'answers')
  }
}

/** Exit code 0 if the lookup can succeed without a pause, 1 with one, 2 if nobody answers, 3 without a file. */
export async function explainDns(options: ExplainOptions, { out, err }: Screens): Promise<number> {
  const { name, resolvConf, json } = options
  const content = readText(resolvConf)
  if ('reason' in content) {
    err.line(`UNKNOWN: ${resolvConf}: ${content.reason}`)
    return EXIT_CODES.unknown
  }
  const answer = await askStatus(options)
  const { nameservers, search, options: conf } = parseResolvConf(content.text)
  const stub = { nameservers: nameservers.map(({ address }) => address), search, ...conf }
  const lookup = planLookup(stub, name, stateIn(answer.ok ? answer.status.dns : undefined))
  if (json) out.line(JSON.stringify({ name, ...lookup }, null, 2))
  else out.lines(renderLookup(name, lookup, out.paint))
  if (lookup.steps.every(({ answeredBy }) => answeredBy === undefined)) return EXIT_CODES.critical
  return lookup.wait > 0 ? EXIT_CODES.warning : EXIT_CODES.ok
}
