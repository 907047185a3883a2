/**
 * What a schema cannot say: keys that need or exclude each other, things named twice, and whether every
 * driven clock can be steered by something. Works on what the file says, and looks only at those parts
 * that are well-formed by themselves, so that one fault never hides another nor makes a false one.
 */
import * as v from 'valibot'
import { addressFamily } from '../dns/address.ts'
import { checkClocks, checkDevices } from './clock-graph.ts'
import { targetSchema } from './dns-schema.ts'
import type { ConfigPath, Finding } from './faults.ts'
import { checkOutputs, checkPps } from './pps-checks.ts'
import { checkPtp4l } from './ptp4l-run-checks.ts'
import { clockSchema, sourceSchema } from './schema.ts'
import type { ClockConfig, SourceConfig } from './types.ts'

type Raw = Record<string, unknown>

const isMap = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const mapAt = (value: unknown): Raw => (isMap(value) ? value : {})
const listAt = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** One source: which of its kinds it is, and what a kind's keys ask of each other. */
function checkSource(raw: unknown, path: ConfigPath): Finding[] {
  if (!isMap(raw)) return []
  const kinds = Object.keys(raw)
  if (kinds.length !== 1) {
    const message = `a source has exactly one of ntp, ptp4l, pps, chrony; here are ${kinds.length} keys`
    return [{ path, at: 'value', message }]
  }
  if (isMap(raw['ptp4l'])) return checkPtp4l(raw['ptp4l'], [...path, 'ptp4l'])
  if (isMap(raw['pps'])) return checkPps(raw['pps'], [...path, 'pps'])
  return isMap(raw['ntp']) ? checkNtp(raw['ntp'], [...path, 'ntp']) : []
}

function checkNtp(raw: Raw, path: ConfigPath): Finding[] {
  const both = 'server' in raw && 'pool' in raw
  const neither = !('server' in raw) && !('pool' in raw)
  const findings: Finding[] = []
  if (both)
    findings.push({
      path: [...path, 'pool'],
      at: 'key',
      message: 'server and pool are two sources',
    })
  if (neither) findings.push({ path, at: 'key', message: 'server or pool is missing' })
  return [...findings, ...checkPolls(raw, path), ...checkSamples(raw, path)]
}

/** Against the default where only one of the two was written. */
function checkPolls({ minpoll = 6, maxpoll = 10 }: Raw, path: ConfigPath): Finding[] {
  if (typeof minpoll !== 'number' || typeof maxpoll !== 'number' || minpoll <= maxpoll) return []
  const message = `minpoll ${minpoll} is above maxpoll ${maxpoll}`
  return [{ path: [...path, 'minpoll'], at: 'value', message }]
}

function checkSamples({ minSamples = 6, maxSamples = 0 }: Raw, path: ConfigPath): Finding[] {
  if (typeof minSamples !== 'number' || typeof maxSamples !== 'number') return []
  if (maxSamples === 0 || minSamples <= maxSamples) return []
  const message = `maxSamples ${maxSamples} is below minSamples ${minSamples}`
  return [{ path: [...path, 'maxSamples'], at: 'value', message }]
}

/** The key under which a source may stand only once; empty: it has none yet. */
function identityOf(source: SourceConfig): string {
  switch (source.type) {
    case 'ntp':
      return `${source.name.toLowerCase().replace(/\.$/, '')} port ${source.port}`
    case 'ptp4l':
      return source.socket
    case 'pps':
      return source.device ?? `${source.clock} channel ${source.channel}`
    case 'chrony':
      return `${source.address} port ${source.port}`
  }
}

interface Named {
  readonly identity: string
  readonly path: ConfigPath
}

/** Every one that repeats an earlier one. */
function repeated(items: readonly Named[]): Finding[] {
  const seen = new Set<string>()
  return items.flatMap(({ identity, path }): Finding[] => {
    const again = seen.has(identity)
    seen.add(identity)
    return again ? [{ path, at: 'value', message: `${identity} is named a second time` }] : []
  })
}

interface Parsed<T> {
  readonly path: ConfigPath
  readonly value: T
}

/** The items of a list that are well-formed by themselves. */
const wellFormed = <T>(
  list: readonly unknown[],
  path: ConfigPath,
  schema: v.GenericSchema<unknown, T>,
) =>
  list.flatMap((raw, index): Parsed<T>[] => {
    const result = v.safeParse(schema, raw)
    return result.success ? [{ path: [...path, index], value: result.output }] : []
  })

/** What one agent is built and tested for. */
const MOST_PTP4L = 16

function checkPtp4lCount(list: readonly unknown[]): Finding[] {
  const places = list.flatMap((raw, index) => ('ptp4l' in mapAt(raw) ? [index] : []))
  return places.slice(MOST_PTP4L).map((index) => ({
    path: ['sources', index, 'ptp4l'],
    at: 'key',
    message: `at most ${MOST_PTP4L} ptp4l can be watched`,
  }))
}

function checkSources(raw: unknown): Finding[] {
  const list = listAt(raw)
  const sources = wellFormed(list, ['sources'], sourceSchema)
  const named = sources.flatMap(({ path, value }) =>
    value
      .filter((source) => identityOf(source) !== '')
      .map((source) => ({
        identity: `${source.type} ${identityOf(source)}`,
        path: [...path, source.type],
      })),
  )
  return [
    ...list.flatMap((source, index) => checkSource(source, ['sources', index])),
    ...repeated(named),
    ...checkPtp4lCount(list),
  ]
}

const keyPath = (index: number): ConfigPath => ['sources', index, 'ntp', 'key']

/** The sources that name a key, and which. */
const namedKeys = (sources: unknown): { readonly index: number; readonly key: unknown }[] =>
  listAt(sources).flatMap((source, index) => {
    const ntp = mapAt(mapAt(source)['ntp'])
    return 'key' in ntp ? [{ index, key: ntp['key'] }] : []
  })

function checkKeyFile({ sources, keyFile }: Raw): Finding[] {
  if (keyFile !== undefined) return []
  const message = 'a key needs keyFile at the top level, the file that it is in'
  return namedKeys(sources).map(({ index }) => ({ path: keyPath(index), at: 'key', message }))
}

/** Sources whose key is none of `ids`; for a configuration that is valid otherwise. */
export const checkKeyIds = (raw: unknown, ids: readonly number[]): Finding[] =>
  namedKeys(mapAt(raw)['sources'])
    .filter(({ key }) => !ids.some((id) => id === key))
    .map(({ index, key }) => ({
      path: keyPath(index),
      at: 'value',
      message: `the key file has no key ${String(key)}`,
    }))

function checkTargets(raw: unknown): Finding[] {
  const path = ['dns', 'targets']
  const targets = wellFormed(listAt(mapAt(raw)['targets']), path, targetSchema)
  return repeated(
    targets.map(({ path, value }) => ({
      identity: `${value.server} port ${value.port}`,
      path: [...path, 'server'],
    })),
  )
}

/** `10.0.0.1:9975` or `[::1]:9975`. */
function isListen(text: string): boolean {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const family = addressFamily(bracketed ?? plain ?? '')
  return family === (bracketed === undefined ? 4 : 6) && Number(port) <= 65_535
}

function suggestListen(text: string): string | undefined {
  const [, host, port] = /^(.*?):?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || host === undefined) return undefined
  if (host === '' && !text.startsWith(':')) return `127.0.0.1:${port}`
  if (host === '' || host === '*') return `0.0.0.0:${port}`
  if (host === 'localhost') return `127.0.0.1:${port}`
  return addressFamily(host) === 6 ? `"[${host}]:${port}"` : undefined
}

function checkListen(raw: unknown): Finding[] {
  if (typeof raw !== 'string' || raw === '' || isListen(raw)) return []
  const finding = { path: ['listen'], at: 'value', message: 'expected ADDRESS:PORT' } as const
  const suggestion = suggestListen(raw)
  return suggestion === undefined ? [finding] : [{ ...finding, suggestion }]
}

function checkSocket(raw: unknown): Finding[] {
  if (typeof raw !== 'string' || raw === '' || raw.startsWith('/')) return []
  return [{ path: ['socket'], at: 'value', message: 'expected an absolute path' }]
}

/** A malformed clock or source is left out of the graph, and the graph is then not judged. */
function checkGraph({ clocks, sources }: Raw): Finding[] {
  const list = listAt(sources)
  const parsed = wellFormed(list, ['sources'], sourceSchema)
  if (parsed.length !== list.length) return []
  const known: Record<string, ClockConfig> = {}
  for (const [key, raw] of Object.entries(mapAt(clocks))) {
    const result = v.safeParse(clockSchema, raw)
    if (result.success) known[key] = result.output
  }
  return checkClocks(
    known,
    parsed.flatMap(({ value }) => value),
  )
}

export function checkConfig(raw: unknown): Finding[] {
  const root = mapAt(raw)
  return [
    ...checkSources(root['sources']),
    ...checkKeyFile(root),
    ...checkTargets(root['dns']),
    ...checkListen(root['listen']),
    ...checkSocket(root['socket']),
    ...checkDevices(Object.keys(mapAt(root['clocks']))),
    ...Object.entries(mapAt(root['clocks'])).flatMap(([name, clock]) =>
      checkOutputs(mapAt(clock), ['clocks', name]),
    ),
    ...checkGraph(root),
  ]
}
