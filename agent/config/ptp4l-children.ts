/**
 * `run` of the sources to the programs that this node starts: each chosen profile becomes a child with its
 * configuration and command line, and a source that asks it through its socket. Pure: whoever reads the
 * files and asks the programs for their release brings the answers.
 */

import { addressFamily } from '../dns/address.ts'
import type { PhcInfo } from '../ports/node.ts'
import type { ConfigFault, ConfigPath, Finding } from './faults.ts'
import { parseVersion, type Version } from './linuxptp-version.ts'
import { loadPtpConfigs, type PtpConfig, type PtpProfile, refusalFaults } from './ptp-config.ts'
import { confOfProfile } from './ptp-profiles.ts'
import { chooseProfiles } from './ptp-recommend.ts'
import { type Conf, GLOBAL, parseConf, valueIn, withOption, writeConf } from './ptp4l-conf.ts'
import { type ClockMode, renderProfile } from './ptp4l-render.ts'
import { type Ptp4lRunConfig, RUN_PROFILES } from './ptp4l-run.ts'
import { checkRunOptions } from './ptp4l-run-checks.ts'
import { readOptions } from './ptp4l-words.ts'
import { splitWords } from './shell-words.ts'
import type { ChildConfig, Config, Ptp4lSourceConfig, SourceConfig } from './types.ts'

type FileText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string }

export interface NodeFacts {
  /** For `recommend`, where the configuration names none. */
  readonly name: string
  readonly phcs: readonly PhcInfo[]
  readonly read: (file: string) => FileText
  /** Release of a ptp4l. */
  readonly versionOf: (program: string) => Version
}

export interface WithChildren {
  readonly config: Config
  /** In the configuration. */
  readonly findings: readonly Finding[]
  /** In the files that it names. */
  readonly faults: readonly ConfigFault[]
  readonly notices: readonly string[]
}

/** What was made so far; the number of children names the next one. */
interface Making {
  readonly config: Config
  readonly node: NodeFacts
  readonly children: ChildConfig[]
  readonly findings: Finding[]
  readonly faults: ConfigFault[]
  readonly notices: string[]
}

type RunSource = Ptp4lSourceConfig & { readonly run: Ptp4lRunConfig }

const versionOf = ({ node }: Making, { version = '', program }: Ptp4lRunConfig): Version =>
  parseVersion(version) ?? node.versionOf(program)

/** Interfaces, device and PCI address: any name under which a clock may stand in the configuration. */
const namesOf = (port: string, phcs: readonly PhcInfo[]): string[] => {
  const phc = phcs.find(({ interfaces }) => interfaces.includes(port))
  if (phc === undefined) return [port]
  return [...phc.interfaces, phc.device, `ptp${phc.index}`, phc.pci]
}

/** Whether it stamps in software, and would steer the system clock then; its command line has the last word. */
function isSoftware(profile: PtpProfile): boolean {
  const split = splitWords(profile.options.ptp4l ?? '')
  const said = readOptions(split.ok ? split.words : []).flatMap(({ long, name, value }) => {
    if (!long) return name === 'S' ? ['software'] : name === 'H' || name === 'L' ? ['hardware'] : []
    return name !== '' && 'time_stamping'.startsWith(name) ? [value] : []
  })
  const conf = valueIn(parseConf(profile.conf.ptp4l ?? '').conf, GLOBAL, 'time_stamping')
  return (said.at(-1) ?? conf) === 'software'
}

/**
 * ptp4l steers only a clock that is to be followed, or that we steer while no ptp4l does (`auto`); anything
 * else, also one that nobody named, it is not to touch.
 */
function modeOf({ config, node }: Making, ports: readonly string[], software: boolean): ClockMode {
  const names = software
    ? ['system']
    : ports.flatMap((port) => namesOf(port, node.phcs)).map((name) => `phc:${name}`)
  const modes = names
    .flatMap((name) => config.clocks[name]?.mode ?? [])
    .map((mode) => (mode === 'auto' ? 'follow' : mode))
  return modes.find((mode) => mode !== 'follow') ?? modes[0] ?? 'observe'
}

function confOf({ domain }: RunSource, run: Ptp4lRunConfig): Conf {
  const { profile = 'e2e', interfaces, servers, options } = run
  const unicastServers = servers.map((address) => ({
    transport: addressFamily(address) === 6 ? ('UDPv6' as const) : ('UDPv4' as const),
    address,
  }))
  const base = confOfProfile(RUN_PROFILES[profile], { interfaces, domain, unicastServers })
  return Object.entries(options).reduce(
    (conf, [section, values]) =>
      Object.entries(values).reduce(
        (each, [name, value]) => withOption(each, section, name, value),
        conf,
      ),
    base,
  )
}

const profileOf = (name: string, conf: Conf, { scheduling }: Ptp4lRunConfig): PtpProfile => ({
  ...{ name, interface: undefined, options: {}, conf: { ptp4l: writeConf(conf) }, scheduling },
  ...{ threshold: undefined, settings: {}, plugins: {}, unknown: {} },
})

/** Of sun_path, unix(7); ptp4l would cut it without a word. */
const MAX_SOCKET = 107

const tooLong = (socket: string): string[] =>
  new TextEncoder().encode(socket).length > MAX_SOCKET
    ? [`the socket ${socket} is longer than ${MAX_SOCKET} bytes`]
    : []

/** One child with its source; undefined where the profile runs no ptp4l. */
function addChild(making: Making, source: RunSource, profile: PtpProfile, place: Place) {
  const { config, children, findings } = making
  const { run, ...rest } = source
  const index = children.length
  const settings = {
    index,
    version: versionOf(making, run),
    directory: config.stateDirectory,
    ptp4l: run.program,
    ...(source.socket !== '' && { socket: source.socket }),
  }
  const { interfaces = [] } = renderProfile(profile, { ...settings, mode: 'observe' }).ptp4l ?? {}
  const mode = modeOf(making, interfaces, isSoftware(profile))
  const { ptp4l, faults } = renderProfile(profile, { ...settings, mode })
  findings.push(...faults.map(({ message }) => place(message)))
  if (ptp4l === undefined) return []
  const file = `ptp4l.${index}.config`
  const { socket, domain, text, command } = ptp4l
  children.push({ name: `ptp4l.${index}`, file, text, command, socket })
  const refused = ptp4l.refusals.filter(({ line }) => line === 0).map(({ message }) => message)
  findings.push(...[...refused, ...tooLong(socket)].map(place))
  return [{ ...rest, socket, domain, freeRunning: mode !== 'follow' }]
}

type Place = (message: string) => Finding

function ofProfile(making: Making, source: RunSource, path: ConfigPath): SourceConfig[] {
  const { run } = source
  const inside = [...path, 'run']
  const wrong = checkRunOptions(run.options, [...inside, 'options'], versionOf(making, run))
  making.findings.push(...wrong)
  const profile = profileOf(run.profile ?? '', confOf(source, run), run)
  const place: Place = (message) => ({ path: [...inside, 'profile'], at: 'value', message })
  return addChild(making, source, profile, place)
}

function chosenOf(
  making: Making,
  run: Ptp4lRunConfig,
  configs: readonly PtpConfig[],
  place: Place,
) {
  const labels = Object.fromEntries(run.labels.map((label) => [label.split('=')[0] ?? '', '']))
  const name = run.node ?? making.node.name
  const { chosen, missing } = chooseProfiles(configs, { name, labels })
  making.findings.push(
    ...missing.map((each) => place(`profile ${each} is recommended, and defined nowhere`)),
  )
  if (chosen.length + missing.length === 0) {
    making.notices.push(`${run.ptpConfig}: no profile is for node ${name}; no ptp4l is started`)
  }
  return chosen
}

function ofResources(making: Making, source: RunSource, path: ConfigPath): SourceConfig[] {
  const { run } = source
  const file = run.ptpConfig ?? ''
  const place: Place = (message) => ({ path: [...path, 'run', 'ptpConfig'], at: 'value', message })
  const read = making.node.read(file)
  if (!read.ok) {
    making.findings.push(place(`${file}: ${read.reason}`))
    return []
  }
  const loaded = loadPtpConfigs(read.text, file)
  if (!loaded.ok) {
    making.faults.push(...loaded.faults)
    return []
  }
  const chosen = chosenOf(making, run, loaded.configs, place)
  const names = new Set(chosen.map(({ qualifiedName }) => qualifiedName))
  making.faults.push(...refusalFaults(read.text, file, names, versionOf(making, run)))
  return chosen.flatMap(({ qualifiedName, profile }) =>
    addChild(making, source, profile, (message) => place(`${qualifiedName}: ${message}`)),
  )
}

const hasRun = (source: SourceConfig): source is RunSource =>
  source.type === 'ptp4l' && source.run !== undefined

/** The configuration as it is on this node; to be used only where nothing was found wrong. */
export function withChildren(config: Config, node: NodeFacts): WithChildren {
  const making = { config, node, children: [], findings: [], faults: [], notices: [] }
  const sources = config.sources.flatMap((source, index) => {
    if (!hasRun(source)) return [source]
    const path = ['sources', index, 'ptp4l']
    return source.run.ptpConfig === undefined
      ? ofProfile(making, source, path)
      : ofResources(making, source, path)
  })
  const { children, findings, faults, notices } = making
  if (children.length === 0 && sources.length === config.sources.length) {
    return { config, findings, faults, notices }
  }
  return { config: { ...config, sources, children }, findings, faults, notices }
}
