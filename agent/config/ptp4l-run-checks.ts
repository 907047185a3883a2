/** What the keys of a ptp4l source with `run` ask of each other, and its options of ptp4l, one by one. */
import type { ConfigPath, Finding } from './faults.ts'
import { parseVersion, type Version } from './linuxptp-version.ts'
import { PROFILES } from './ptp-profiles.ts'
import { optionProblem } from './ptp4l-check.ts'
import { GLOBAL } from './ptp4l-conf.ts'
import { RUN_PROFILES, type RunProfile } from './ptp4l-run.ts'

type Raw = Record<string, unknown>

const isMap = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What we decide, and where an operator says it. */
const DECIDED: Readonly<Record<string, string>> = {
  uds_address: 'is `socket` of the source',
  uds_ro_address: 'is beside the socket',
  message_tag: 'is the name of the child',
  free_running: 'follows from the mode of the clock',
  domainNumber: 'is `domain` of the source',
}
/** Of these a PtpConfig resource speaks itself. */
const OF_PROFILE = ['interfaces', 'servers', 'options', 'scheduling']
const OF_RESOURCE = ['node', 'labels']
/** Where nobody said which release it is, an option of any is let pass until the program is asked. */
const NEWEST: Version = [9999, 0, 0]

function checkOption(section: string, name: string, value: unknown, version: Version) {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const decided = Object.hasOwn(DECIDED, name) ? DECIDED[name] : undefined
  if (decided !== undefined) return { at: 'key', message: `${name} ${decided}` } as const
  const problem = optionProblem(section, { name, value: String(value) }, version)
  if (problem === undefined) return undefined
  return { at: problem.kind === 'value' ? 'value' : 'key', message: problem.message } as const
}

/** Options that a ptp4l of that release refuses, or that are not the operator's; on well-formed maps. */
export function checkRunOptions(raw: unknown, path: ConfigPath, version: Version): Finding[] {
  return Object.entries(isMap(raw) ? raw : {}).flatMap(([section, options]) =>
    Object.entries(isMap(options) ? options : {}).flatMap(([name, value]): Finding[] => {
      const wrong = checkOption(section, name, value, version)
      return wrong === undefined ? [] : [{ path: [...path, section, name], ...wrong }]
    }),
  )
}

function checkSections({ options, interfaces }: Raw, path: ConfigPath): Finding[] {
  const known = [GLOBAL, ...(Array.isArray(interfaces) ? interfaces : [])]
  return Object.keys(isMap(options) ? options : {})
    .filter((section) => !known.includes(section))
    .map((section) => ({
      path: [...path, 'options', section],
      at: 'key',
      message: `${section} is none of ${known.join(', ')}`,
    }))
}

const misplaced = (raw: Raw, keys: readonly string[], path: ConfigPath, why: string): Finding[] =>
  keys
    .filter((key) => key in raw)
    .map((key) => ({ path: [...path, key], at: 'key', message: `${key} ${why}` }))

function checkScheduling(raw: unknown, path: ConfigPath): Finding[] {
  if (!isMap(raw)) return []
  const { policy, priority } = raw
  if (policy === 'fifo' && priority === undefined) {
    return [{ path: [...path, 'policy'], at: 'value', message: 'fifo needs a priority, 1 to 65' }]
  }
  return policy === 'other' ? misplaced(raw, ['priority'], path, 'is for fifo only') : []
}

function checkDomain(profile: RunProfile, domain: unknown, path: ConfigPath): Finding[] {
  const { low, high } = PROFILES[RUN_PROFILES[profile]].domains
  if (typeof domain !== 'number' || (domain >= low && domain <= high)) return []
  const message = `domain ${domain}: ${profile} has ${low} to ${high}`
  return [{ path: [...path, 'domain'], at: 'value', message }]
}

const isProfile = (profile: unknown): profile is RunProfile =>
  typeof profile === 'string' && Object.hasOwn(RUN_PROFILES, profile)

function checkProfile(run: Raw, domain: unknown, path: ConfigPath): Finding[] {
  const { profile, interfaces, options, version } = run
  const inside = [...path, 'run']
  const ports = Array.isArray(interfaces) && interfaces.length > 0
  const said = typeof version === 'string' ? parseVersion(version) : undefined
  const none: Finding = {
    path: [...inside, 'profile'],
    at: 'key',
    message: 'interfaces is missing',
  }
  const asks = profile === 'g8275.2' ? [] : ['servers']
  return [
    ...(ports ? [] : [none]),
    ...misplaced(run, OF_RESOURCE, inside, 'is for ptpConfig'),
    ...misplaced(run, asks, inside, 'is for g8275.2'),
    ...checkSections(run, inside),
    ...checkRunOptions(options, [...inside, 'options'], said ?? NEWEST),
    ...(isProfile(profile) ? checkDomain(profile, domain, path) : []),
  ]
}

/** A ptp4l source; without `run` there is nothing to check. */
export function checkPtp4l(raw: Raw, path: ConfigPath): Finding[] {
  const { run } = raw
  if (!isMap(run)) return []
  const inside = [...path, 'run']
  const general = [
    ...misplaced(raw, ['freeRunning'], path, 'follows from the mode of the clock'),
    ...checkScheduling(run['scheduling'], [...inside, 'scheduling']),
  ]
  if ('profile' in run === 'ptpConfig' in run) {
    const message = 'run has exactly one of profile, ptpConfig'
    return [...general, { path: inside, at: 'key', message }]
  }
  if ('profile' in run) return [...general, ...checkProfile(run, raw['domain'], path)]
  const why = 'comes from the PtpConfig'
  return [
    ...general,
    ...misplaced(run, OF_PROFILE, inside, why),
    ...misplaced(raw, ['socket', 'domain'], path, why),
  ]
}
