/** The fields of a PtpConfig, each read from what YAML gave, with a finding where it is not what it must be. */
import type {
  PtpClockThreshold,
  PtpConfig,
  PtpMatch,
  PtpProfile,
  PtpProgram,
  PtpRecommend,
  PtpScheduling,
} from './ptp-config.ts'
import {
  fault,
  mapAt,
  mapsAt,
  missing,
  type Path,
  type Place,
  type Raw,
  type Reading,
  textAt,
  unknownOf,
  wholeAt,
} from './resource-values.ts'
import { nearest } from './suggest.ts'

const PROGRAMS = ['ptp4l', 'phc2sys', 'ts2phc', 'synce4l', 'chronyd'] as const
const PROFILE_KEYS = [
  ...['name', 'interface', 'ptpSchedulingPolicy', 'ptpSchedulingPriority', 'ptpClockThreshold'],
  ...['ptpSettings', 'plugins', 'ptpSecretName'],
  ...PROGRAMS.flatMap((program) => [`${program}Opts`, `${program}Conf`]),
]
const DOWNTIME = ['ptp4l', 'phc2sys', 'ts2phc', 'synce4l', 'chronyd', 'gpsd', 'gpspipe']
const MAX_DOWNTIME = 86_400
const MAX_PRIORITY = 65
const MAX_INTERFACE = 15

function readTexts(place: Place, suffix: 'Opts' | 'Conf'): Partial<Record<PtpProgram, string>> {
  return Object.fromEntries(
    PROGRAMS.flatMap((program) => {
      const text = textAt(place, `${program}${suffix}`)
      return text === undefined ? [] : [[program, text]]
    }),
  )
}

function readScheduling(place: Place): PtpScheduling | undefined {
  const policy = textAt(place, 'ptpSchedulingPolicy')
  const priority = wholeAt(place, 'ptpSchedulingPriority', 1, MAX_PRIORITY)
  if (policy === undefined) return undefined
  if (policy === 'SCHED_OTHER') return { policy, priority: undefined }
  if (policy === 'SCHED_FIFO') {
    if ((place.map['ptpSchedulingPriority'] ?? undefined) === undefined) {
      fault(place, 'ptpSchedulingPolicy', 'SCHED_FIFO needs ptpSchedulingPriority, 1 to 65')
    }
    return { policy, priority }
  }
  const known = ['SCHED_OTHER', 'SCHED_FIFO']
  fault(place, 'ptpSchedulingPolicy', `expected one of ${known.join(', ')}`, nearest(policy, known))
  return undefined
}

function readThreshold(place: Place | undefined): PtpClockThreshold | undefined {
  if (place === undefined) return undefined
  const limit = Number.MAX_SAFE_INTEGER
  const downtime = mapAt(place, 'processDowntimeThresholds')
  const known = ['holdOverTimeout', 'maxOffsetThreshold', 'minOffsetThreshold']
  const seconds = (downtime === undefined ? [] : DOWNTIME).flatMap((program) => {
    const value = downtime && wholeAt(downtime, program, 0, MAX_DOWNTIME)
    return value === undefined ? [] : [[program, value] as const]
  })
  if (downtime !== undefined) unknownOf(downtime, DOWNTIME)
  return {
    holdOverTimeout: wholeAt(place, 'holdOverTimeout', 0, limit) ?? 5,
    maxOffsetThreshold: wholeAt(place, 'maxOffsetThreshold', -limit, limit) ?? 100,
    minOffsetThreshold: wholeAt(place, 'minOffsetThreshold', -limit, limit) ?? -100,
    processDowntime: Object.fromEntries(seconds),
    unknown: unknownOf(place, [...known, 'processDowntimeThresholds']),
  }
}

function readSettings(place: Place | undefined): Record<string, string> {
  if (place === undefined) return {}
  return Object.fromEntries(
    Object.keys(place.map).flatMap((key) => {
      const value = textAt(place, key)
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

/** The kernel's rule: up to 15 characters, no space, no slash. */
function readInterface(place: Place): string | undefined {
  const name = textAt(place, 'interface')?.trim()
  if (name === undefined || name === '') return undefined
  if (name.length <= MAX_INTERFACE && /^[^\s/[\]]+$/.test(name)) return name
  fault(place, 'interface', 'not the name of a network interface')
  return undefined
}

function readName(place: Place, key: string): string {
  const name = textAt(place, key)
  if ((place.map[key] ?? undefined) === undefined) missing(place, key)
  if (name === '') fault(place, key, `${key} is empty`)
  return name ?? ''
}

function readProfile(place: Place): PtpProfile {
  return {
    name: readName(place, 'name'),
    interface: readInterface(place),
    options: readTexts(place, 'Opts'),
    conf: readTexts(place, 'Conf'),
    scheduling: readScheduling(place),
    threshold: readThreshold(mapAt(place, 'ptpClockThreshold')),
    settings: readSettings(mapAt(place, 'ptpSettings')),
    plugins: mapAt(place, 'plugins')?.map ?? {},
    unknown: unknownOf(place, PROFILE_KEYS),
  }
}

function readMatch(place: Place): PtpMatch {
  unknownOf(place, ['nodeLabel', 'nodeName'])
  return { nodeName: textAt(place, 'nodeName'), nodeLabel: textAt(place, 'nodeLabel') }
}

function readRecommend(place: Place): PtpRecommend {
  const priority = wholeAt(place, 'priority', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  if ((place.map['priority'] ?? undefined) === undefined) missing(place, 'priority')
  return {
    profile: readName(place, 'profile'),
    priority: priority ?? Number.MAX_SAFE_INTEGER,
    match: mapsAt(place, 'match').map(readMatch),
    unknown: unknownOf(place, ['profile', 'priority', 'match']),
  }
}

function checkNames(profiles: readonly PtpProfile[], places: readonly Place[]): void {
  const seen = new Set<string>()
  profiles.forEach(({ name }, index) => {
    const place = places[index]
    if (seen.has(name) && place !== undefined) fault(place, 'name', `${name} is there already`)
    seen.add(name)
  })
}

/** A resource whose kind is known to be PtpConfig. */
export function readSpec(map: Raw, path: Path, reading: Reading): PtpConfig {
  const place: Place = { map, path, reading }
  unknownOf(place, ['apiVersion', 'kind', 'metadata', 'spec', 'status'])
  const metadata = mapAt(place, 'metadata') ?? { map: {}, path, reading }
  const spec = mapAt(place, 'spec')
  if (spec === undefined && (map['spec'] ?? undefined) === undefined) missing(place, 'spec')
  if (spec !== undefined) unknownOf(spec, ['profile', 'recommend'])
  const places = spec === undefined ? [] : mapsAt(spec, 'profile')
  const profiles = places.map(readProfile)
  checkNames(profiles, places)
  return {
    name: readName(metadata, 'name'),
    namespace: textAt(metadata, 'namespace'),
    profiles,
    recommend: spec === undefined ? [] : mapsAt(spec, 'recommend').map(readRecommend),
    source: map,
  }
}
