/**
 * Words of the command line to the options of one command; pure. Faults are sentences, never stacks.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { OLDEST, parseVersion } from '../config/linuxptp-version.ts'
import { parseQuestion } from '../dns/question.ts'
import { DEFAULT_ADDRESS, DEFAULT_SOCKET } from './client.ts'
import type { DemoOptions } from './demo.ts'
import type { DnsOptions, ExplainOptions } from './dns.ts'
import type { DnsTargetsOptions } from './dns-targets.ts'
import type { NicsOptions } from './nics.ts'
import type { Overrides } from './read-config.ts'
import type { RenderOptions } from './render-ptp4l.ts'
import type { PtpOptions, StatusOptions } from './status.ts'

export type Command =
  | { readonly name: 'run'; readonly options: Overrides }
  | { readonly name: 'status'; readonly options: StatusOptions }
  | { readonly name: 'sources'; readonly options: { socket: string; address: string } }
  | { readonly name: 'ptp'; readonly options: PtpOptions }
  | { readonly name: 'dns'; readonly options: DnsOptions }
  | { readonly name: 'dns-explain'; readonly options: ExplainOptions }
  | { readonly name: 'nics'; readonly options: NicsOptions }
  | { readonly name: 'dns-targets'; readonly options: DnsTargetsOptions }
  | { readonly name: 'check-config'; readonly args: readonly string[] }
  | { readonly name: 'demo'; readonly options: DemoOptions }
  | { readonly name: 'render-ptp4l'; readonly options: RenderOptions }
  | { readonly name: 'version' }
  | { readonly name: 'help' }
  | { readonly name: 'wrong'; readonly message: string }

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const WHERE = { socket: text, address: text } as const

type Options = NonNullable<ParseArgsConfig['options']>

/** All values by name; a flag is `'true'`. Throws TypeError with a good sentence, as node:util does. */
function valuesOf(args: readonly string[], options: Options): Record<string, string | undefined> {
  const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false })
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === undefined ? value : `${value}`]),
  )
}

function numberOf(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number) || number < 0) {
    throw new TypeError(`--${name} ${value}: not a number of 0 or more`)
  }
  return number
}

function parseRun(args: readonly string[]): Command {
  const values = valuesOf(args, {
    config: text,
    'state-directory': text,
    listen: text,
    socket: text,
  })
  const { config, listen, socket } = values
  return {
    name: 'run',
    options: { config, listen, socket, stateDirectory: values['state-directory'] },
  }
}

/** An address given alone is meant: the socket is asked only when nothing or it was named. */
function whereOf(values: Record<string, string | undefined>) {
  const { socket, address } = values
  if (socket === undefined && address !== undefined) return { socket: '', address }
  if (socket !== undefined && address === undefined) return { socket, address: '' }
  return { socket: socket ?? DEFAULT_SOCKET, address: address ?? DEFAULT_ADDRESS }
}

function parseStatus(args: readonly string[]): Command {
  const values = valuesOf(args, { ...WHERE, json: flag, 'wait-sync': text })
  return {
    name: 'status',
    options: {
      ...whereOf(values),
      json: values['json'] === 'true',
      waitSync: numberOf('wait-sync', values['wait-sync']),
    },
  }
}

function parsePtp(args: readonly string[]): Command {
  const values = valuesOf(args, { ...WHERE, json: flag })
  return { name: 'ptp', options: { ...whereOf(values), json: values['json'] === 'true' } }
}

function parseDnsMatrix(args: readonly string[]): Command {
  const values = valuesOf(args, { ...WHERE, json: flag, once: flag, config: text })
  const [json, once] = [values['json'] === 'true', values['once'] === 'true']
  return { name: 'dns', options: { ...whereOf(values), json, once, config: values['config'] } }
}

function parseDnsExplain([name, ...rest]: readonly string[]): Command {
  if (name === undefined || /^-|\s/.test(name) || !parseQuestion(name).ok) {
    throw new TypeError(`dns explain ${name ?? ''}: a name is needed`)
  }
  const values = valuesOf(rest, { ...WHERE, json: flag, 'resolv-conf': text })
  const resolvConf = values['resolv-conf'] ?? '/etc/resolv.conf'
  const json = values['json'] === 'true'
  return { name: 'dns-explain', options: { ...whereOf(values), json, name, resolvConf } }
}

function parseDemo(args: readonly string[]): Command {
  const values = valuesOf(args, { speed: text, seed: text, seconds: text, listen: text })
  const speed = numberOf('speed', values['speed']) ?? 1
  if (speed === 0 || speed > 1000) throw new TypeError('--speed: from above 0 to 1000')
  return {
    name: 'demo',
    options: {
      speed,
      seed: values['seed'] ?? '1',
      seconds: numberOf('seconds', values['seconds']),
      listen: values['listen'] ?? DEFAULT_ADDRESS,
    },
  }
}

function parseNics(args: readonly string[]): Command {
  const values = valuesOf(args, { json: flag, 'node-ptp-device': flag, all: flag })
  const forms = (['json', 'node-ptp-device'] as const).filter((form) => values[form] === 'true')
  if (forms.length > 1) throw new TypeError('--json and --node-ptp-device: one of them')
  return {
    name: 'nics',
    options: { form: forms[0] ?? 'table', all: values['all'] === 'true' },
  }
}

/** `a=b,c=d`, and the option again; a label without a value is one, too. */
function labelsOf(text: string | undefined): Record<string, string> {
  const labels = (text ?? '').split(',').filter((label) => label !== '')
  return Object.fromEntries(
    labels.map((label) => {
      const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(label) ?? []
      return [key, value]
    }),
  )
}

const MODES = ['follow', 'drive', 'observe'] as const

function parseRender(args: readonly string[]): Command {
  const label = { type: 'string', multiple: true } as const
  const more = { dir: text, mode: text, 'ptp4l-version': text }
  const values = valuesOf(args, { 'ptp-config': text, node: text, label, ...more })
  const { 'ptp-config': file, node: name, dir: directory = '/var/run', mode = 'follow' } = values
  if (file === undefined || name === undefined)
    throw new TypeError('--ptp-config and --node are needed')
  const known = MODES.find((each) => each === mode)
  if (known === undefined) throw new TypeError(`--mode ${mode}: one of ${MODES.join(', ')}`)
  const given = values['ptp4l-version']
  const version = given === undefined ? OLDEST : parseVersion(given)
  if (version === undefined) throw new TypeError(`--ptp4l-version ${given}: not a version`)
  const node = { name, labels: labelsOf(values['label']) }
  return { name: 'render-ptp4l', options: { file, node, directory, mode: known, version } }
}

function parseDnsTargets(args: readonly string[]): Command {
  const files = { config: text, corefile: text, operator: text, 'resolv-conf': text }
  const values = valuesOf(args, { ...files, json: flag })
  const { config, corefile, operator } = values
  return {
    name: 'dns-targets',
    options: {
      ...{ config, corefile, operator, resolvConf: values['resolv-conf'] },
      json: values['json'] === 'true',
    },
  }
}

const DNS_PARSERS: Readonly<Record<string, (args: readonly string[]) => Command>> = {
  targets: parseDnsTargets,
  explain: parseDnsExplain,
}

/** `dns` alone, or one of its words. */
function parseDns(args: readonly string[]): Command {
  const [word, ...rest] = args
  if (word === undefined || word.startsWith('-')) return parseDnsMatrix(args)
  const parse = Object.hasOwn(DNS_PARSERS, word) ? DNS_PARSERS[word] : undefined
  if (parse !== undefined) return parse(rest)
  throw new TypeError(`dns ${word}: expected one of ${Object.keys(DNS_PARSERS).join(', ')}`)
}

const PARSERS: Readonly<Record<string, (args: readonly string[]) => Command>> = {
  run: parseRun,
  status: parseStatus,
  sources: (args) => ({ name: 'sources', options: whereOf(valuesOf(args, WHERE)) }),
  ptp: parsePtp,
  nics: parseNics,
  dns: parseDns,
  'check-config': (args) => ({ name: 'check-config', args }),
  demo: parseDemo,
  'render-ptp4l': parseRender,
  version: () => ({ name: 'version' }),
  '--version': () => ({ name: 'version' }),
  help: () => ({ name: 'help' }),
  '--help': () => ({ name: 'help' }),
  '-h': () => ({ name: 'help' }),
}

export function parseCommand(argv: readonly string[]): Command {
  const [name, ...args] = argv
  if (name === undefined || args.includes('--help')) return { name: 'help' }
  const parse = Object.hasOwn(PARSERS, name) ? PARSERS[name] : undefined
  if (parse === undefined) return { name: 'wrong', message: `${name}: no such command` }
  try {
    return parse(args)
  } catch (error) {
    return { name: 'wrong', message: error instanceof Error ? error.message : String(error) }
  }
}

export const HELP = `Timewarden keeps the time of this node and proves it.

  timewarden run [--config FILE] [--state-directory DIR] [--listen ADDRESS:PORT] [--socket PATH]
      The agent. Without a file it observes what the node has and touches no clock.
  timewarden status [--json] [--wait-sync SECONDS] [--socket PATH] [--address ADDRESS:PORT]
      What the running agent says. Exit code: 0 ok, 1 warning, 2 critical, 3 unknown.
  timewarden sources [--socket PATH] [--address ADDRESS:PORT]
      Every source with its verdict, and what the columns mean.
  timewarden ptp [--json] [--socket PATH] [--address ADDRESS:PORT]
      Each ptp4l: grandmaster, ports with the age of their states, message rates, faults.
  timewarden dns [--json] [--socket PATH] [--address ADDRESS:PORT]
      Name servers by transport, what is wrong with the DNS and what to do. Exit codes as status.
  timewarden dns --once [--config FILE] [--json]
      The same, measured here and now in some ten seconds, by the agent's configuration.
  timewarden dns explain NAME [--json] [--resolv-conf FILE] [--socket PATH] [--address ADDRESS:PORT]
      What a lookup of NAME costs on this node, and who answers it.
  timewarden nics [--json | --node-ptp-device] [--all]
      NICs and PHCs of this node: which can serve PTP, and why the others cannot.
  timewarden dns targets [--config FILE] [--corefile FILE] [--operator FILE] [--resolv-conf FILE]
                         [--json]
      Which name servers this node's DNS depends on, and why each is asked. Asks none.
  timewarden check-config FILE
      All faults of a configuration with line and column (exit code 78), or what it amounts to.
  timewarden render-ptp4l --ptp-config FILE --node NAME [--label KEY=VALUE] [--dir DIR]
                          [--mode follow|drive|observe] [--ptp4l-version VERSION]
      What PtpConfig resources give on a node: ptp4l's files and command lines. Starts nothing.
  timewarden demo [--speed N] [--seed N] [--seconds N] [--listen ADDRESS:PORT]
      The real agent in a simulated node; needs no privilege and no network.
  timewarden version | help

An offset is clock minus reference: + means that this node is ahead.`
