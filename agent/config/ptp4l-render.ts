/**
 * One profile of a PtpConfig to what is started: the text of ptp4l's configuration file, its command
 * line, the scheduler's part of it, and the tails of the other programs. Nothing is run through a shell.
 */

import { isAtLeast, type Version } from './linuxptp-version.ts'
import type { PtpProfile, PtpProgram, PtpScheduling } from './ptp-config.ts'
import { confOfProfile } from './ptp-profiles.ts'
import { optionProblem, type Refusal, refusalsOf } from './ptp4l-check.ts'
import {
  type Conf,
  type ConfNotice,
  GLOBAL,
  interfacesOf,
  parseConf,
  valueIn,
  withOption,
  withSection,
  writeConf,
} from './ptp4l-conf.ts'
import { readOptions, type WordOption } from './ptp4l-words.ts'
import { splitWords } from './shell-words.ts'

/** As in the clock graph: ptp4l steers (`follow`), or only measures while we do or nobody does. */
export type ClockMode = 'follow' | 'drive' | 'observe'

export interface RenderSettings {
  /** Number of the instance on this node, from 0; it names the files. */
  readonly index: number
  readonly mode: ClockMode
  /** Of the ptp4l that is to run. */
  readonly version: Version
  /** For the configuration and the socket; absolute. */
  readonly directory: string
  /** Another place for the socket. */
  readonly socket?: string
  readonly ptp4l?: string
  readonly chrt?: string
}

export interface RenderedPtp4l {
  /** Ports, in the order in which ptp4l numbers them when no `-i` comes before. */
  readonly interfaces: readonly string[]
  readonly file: string
  readonly text: string
  readonly socket: string
  readonly domain: number
  /** Program and arguments, for spawn. */
  readonly command: readonly string[]
  /** What that ptp4l will refuse; lines are those of `text`. Empty: it starts. */
  readonly refusals: readonly Refusal[]
}

export interface Rendered {
  /** Undefined where the profile runs no ptp4l (`ptp4lOpts: ""`). */
  readonly ptp4l: RenderedPtp4l | undefined
  /** The tails of other programs that the profile asks for, split. */
  readonly others: Readonly<Partial<Record<PtpProgram, readonly string[]>>>
  /** Nothing of this is to be started while there is one; line 0: in no text. */
  readonly faults: readonly ConfNotice[]
}

/** Scheduler's arguments before a program; SCHED_OTHER is said, too, since the agent itself may be FIFO. */
export function schedulingOf(scheduling: PtpScheduling | undefined, chrt = 'chrt'): string[] {
  if (scheduling === undefined) return []
  const { policy, priority = 1 } = scheduling
  return policy === 'SCHED_FIFO' ? [chrt, '--fifo', String(priority)] : [chrt, '--other', '0']
}

function wordsOf(profile: PtpProfile, program: PtpProgram): { words: string[]; fault?: string } {
  const split = splitWords(profile.options[program] ?? '')
  if (split.ok) return { words: [...split.words] }
  return { words: [], fault: `${program}Opts: ${split.message}` }
}

/** The profile's own text, or the default profile where it has none. */
function baseOf({ conf }: PtpProfile, faults: ConfNotice[]): Conf {
  const text = conf.ptp4l ?? ''
  if (text.trim() === '') return confOfProfile('default', { interfaces: [] })
  const parsed = parseConf(text)
  faults.push(...parsed.faults)
  return parsed.conf
}

interface Names {
  readonly file: string
  readonly socket: string
  readonly readOnlySocket: string
  readonly tag: string
}

/** The names that linuxptp-daemon gives, which tools look for. */
const namesOf = ({ index, directory, socket }: RenderSettings): Names => ({
  file: `${directory}/ptp4l.${index}.config`,
  socket: socket ?? `${directory}/ptp4l.${index}.socket`,
  readOnlySocket: `${directory}/ptp4lro.${index}.socket`,
  tag: `[ptp4l.${index}.config]`,
})

function complete(base: Conf, profile: PtpProfile, settings: RenderSettings): Conf {
  const { mode, version } = settings
  const { socket, readOnlySocket, tag } = namesOf(settings)
  const set: [string, string][] = [
    ['message_tag', tag],
    ['uds_address', socket],
  ]
  // its default is one path for all instances
  if (isAtLeast(version, [4, 0, 0])) set.push(['uds_ro_address', readOnlySocket])
  if (mode !== 'follow') set.push(['free_running', '1'])
  const { interface: port } = profile
  return set.reduce(
    (conf, [name, value]) => withOption(conf, GLOBAL, name, value),
    port === undefined ? base : withSection(base, port),
  )
}

const JBOD = 'boundary_clock_jbod'

/**
 * What we decide; ptp4l takes the last word on its command line, above its file and all its sections.
 * Options may be abbreviated there, so that a clock that is not ptp4l's gets the word always. One that
 * runs free has no PHC of its own, compares none between its ports, and with JBOD makes each port
 * faulty that begins to listen (bc_dispatch in linuxptp's port.c: it opens /dev/ptp-1).
 */
function ownWords(
  { mode }: RenderSettings,
  names: Names,
  given: readonly WordOption[],
  conf: Conf,
): string[] {
  const has = (wanted: string) => given.some(({ long, name }) => long && wanted.startsWith(name))
  const jbod = has(JBOD) || conf.sections.some(({ name }) => valueIn(conf, name, JBOD) === '1')
  return [
    ...(has('uds_address') ? ['--uds_address', names.socket] : []),
    ...(has('message_tag') ? ['--message_tag', names.tag] : []),
    ...(mode === 'follow' ? [] : [...(jbod ? [`--${JBOD}`, '0'] : []), '--free_running', '1']),
  ]
}

/** Values of a letter, in the order of the command line. */
const lettersOf = (given: readonly WordOption[], letter: string): string[] =>
  given.filter(({ long, name }) => !long && name === letter).map(({ value = '' }) => value)

function domainOf(conf: Conf, given: readonly WordOption[]): number {
  const said = given.findLast(({ long, name }) => long && name === 'domainNumber')?.value
  return Number(said ?? valueIn(conf, GLOBAL, 'domainNumber') ?? 0)
}

/** Refusals in the text as it was rendered, and on the command line (line 0). */
function refusalsIn(text: string, given: readonly WordOption[], version: Version): Refusal[] {
  const onLine = given.flatMap(({ long, name, value = '' }) => {
    const problem = long ? optionProblem(GLOBAL, { name, value }, version) : undefined
    return problem === undefined ? [] : [{ line: 0, option: name, ...problem }]
  })
  return [...onLine, ...refusalsOf(parseConf(text).conf, version)]
}

/** What would undo our own words, or leaves ptp4l without a port. */
function commandFaults(words: readonly string[], given: readonly WordOption[], ports: number) {
  const last = given.at(-1)
  return [
    ...(lettersOf(given, 'f').length > 0 ? ['ptp4lOpts: -f would replace this configuration'] : []),
    ...(words.includes('--') ? ['ptp4lOpts: -- ends the options'] : []),
    ...(last !== undefined && last.value === undefined
      ? [`ptp4lOpts: ${last.name} at the end has no value`]
      : []),
    ...(ports === 0 ? ['no interface is named: ptp4l needs a port'] : []),
  ]
}

function renderPtp4l(profile: PtpProfile, settings: RenderSettings, faults: ConfNotice[]) {
  const names = namesOf(settings)
  const conf = complete(baseOf(profile, faults), profile, settings)
  const { words, fault } = wordsOf(profile, 'ptp4l')
  const given = readOptions(words)
  const interfaces = [...new Set([...lettersOf(given, 'i'), ...interfacesOf(conf)])]
  const wrong = fault === undefined ? commandFaults(words, given, interfaces.length) : [fault]
  faults.push(...wrong.map((message) => ({ line: 0, message })))
  const { ptp4l = 'ptp4l', chrt, version } = settings
  const text = writeConf(conf).replace(/\n*$/, '\n')
  const tail = [...words, ...ownWords(settings, names, given, conf)]
  return {
    interfaces,
    file: names.file,
    text,
    socket: names.socket,
    domain: domainOf(conf, given),
    command: [...schedulingOf(profile.scheduling, chrt), ptp4l, '-f', names.file, '-m', ...tail],
    refusals: refusalsIn(text, given, version),
  }
}

const OTHERS = ['phc2sys', 'ts2phc', 'synce4l', 'chronyd'] as const

/** Options that are absent or empty mean that the program does not run. */
function renderOthers(profile: PtpProfile, faults: ConfNotice[]) {
  return Object.fromEntries(
    OTHERS.filter((program) => (profile.options[program] ?? '') !== '').map((program) => {
      const { words, fault } = wordsOf(profile, program)
      if (fault !== undefined) faults.push({ line: 0, message: fault })
      return [program, words]
    }),
  )
}

export function renderProfile(profile: PtpProfile, settings: RenderSettings): Rendered {
  const faults: ConfNotice[] = []
  const ptp4l = profile.options.ptp4l === '' ? undefined : renderPtp4l(profile, settings, faults)
  return { ptp4l, others: renderOthers(profile, faults), faults }
}
