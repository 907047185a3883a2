/**
 * What an agent is made of, by its configuration; and what of it an agent takes over from the one before
 * it when the configuration was changed: whatever would be made no other goes on as it is, with all
 * that it has learnt.
 */
import { LeapSeconds } from './clock/leap-seconds.ts'
import type { Outputs } from './clock/outputs.ts'
import { clockNamed, clockOfPort, type NamedClock, nameClocks } from './clocks.ts'
import { defaultClock } from './config/defaults.ts'
import type { Config } from './config/types.ts'
import type { Machine } from './core/machine.ts'
import type { ClockName } from './core/sample.ts'
import { Discipline } from './discipline.ts'
import { type DnsFiles, DnsPart } from './dns-part.ts'
import { Hands } from './hands.ts'
import { LeapFile } from './leap-file.ts'
import { Names } from './names.ts'
import { Notes } from './observe/events.ts'
import type { ClockPort } from './ports/clock.ts'
import type { Node } from './ports/node.ts'
import { createOutputs, type Listener } from './pulse-part.ts'
import type { SourceRule } from './select/rule.ts'
import { type BuiltSource, createSources } from './sources/catalogue.ts'
import { AddressBook } from './sources/ntp-book.ts'
import { Child } from './supervise/child.ts'

/** A part with all that made it. */
interface Signed<T> {
  readonly part: T
  readonly signature: string
}

type Pieces<T> = ReadonlyMap<string, Signed<T>>

export interface SteeredClock {
  readonly discipline: Discipline
  readonly port: ClockPort
  /** Steps by reason, also by the discipline before this one. */
  readonly steps: Record<string, number>
}

export interface Parts {
  readonly generation: number
  readonly clocks: readonly NamedClock[]
  readonly rules: ReadonlyMap<string, SourceRule>
  readonly sources: Pieces<BuiltSource>
  readonly disciplines: Pieces<SteeredClock>
  readonly dns: Signed<DnsPart>
  readonly children: Pieces<Child>
  readonly outputs: Pieces<Outputs>
  readonly leaps: Signed<{ readonly leaps: LeapSeconds; readonly file: LeapFile }>
  readonly notes: Notes
  readonly hands: Hands
  readonly book: AddressBook
  readonly names: Names
  /** Whoever resolves names asks the DNS part of the present. */
  readonly present: { dns: DnsPart }
}

export interface Given {
  readonly config: Config
  readonly node: Node
  readonly dns: DnsFiles | undefined
  /** Key of the leap list's actions. */
  readonly leapKey: string
}

/** The one of before where it is no other, else the new one. */
const keep = <T>(made: Signed<T>, before: Signed<T> | undefined): Signed<T> =>
  before?.signature === made.signature ? before : made

const keepAll = <T>(
  made: readonly (readonly [id: string, made: Signed<T>])[],
  before: Pieces<T> | undefined,
): Pieces<T> => new Map(made.map(([id, each]) => [id, keep(each, before?.get(id))]))

function makeSources(
  { config, node }: Given,
  clocks: readonly NamedClock[],
  book: AddressBook,
  generation: number,
): (readonly [string, Signed<BuiltSource>])[] {
  const built = createSources({
    ...{ config, random: node.random, keys: node.keys, networks: node.info.networks },
    ...{ book, generation },
    phcs: clocks.filter(({ phc }) => phc !== undefined),
    clockOf: (index, name) => clockOfPort(clocks, index, name),
    named: (handle) => clockNamed(clocks, handle),
  })
  return built.map((each) => [each.source.id, { part: each, signature: each.signature }])
}

/** Made where it is asked for: the port of a clock that goes on is not opened a second time. */
function disciplinesOf(
  { config, node }: Given,
  shared: Pick<Parts, 'clocks' | 'rules' | 'leaps'>,
  before: Parts | undefined,
): Pieces<SteeredClock> {
  const pieces = new Map<string, Signed<SteeredClock>>()
  for (const { name, config: clock, sameAs, phc } of shared.clocks) {
    const leaps = name === 'system' ? shared.leaps.part.leaps : undefined
    const listed = leaps && config.leapSeconds
    const signature = JSON.stringify([clock, sameAs, phc?.device, listed])
    const old = before?.disciplines.get(name)
    if (old?.signature === signature) {
      pieces.set(name, old)
      continue
    }
    const port = sameAs === undefined ? node.clock(name) : undefined
    if (port === undefined) continue
    const steps = old?.part.steps ?? {}
    const options = { clock: name, config: clock, port, rules: shared.rules, leaps, steps }
    pieces.set(name, { part: { discipline: new Discipline(options), port, steps }, signature })
  }
  return pieces
}

function makeLeaps({ config, leapKey }: Given): Parts['leaps'] {
  const leaps = new LeapSeconds(config.leapSeconds)
  const file = new LeapFile(leaps, leapKey)
  return { part: { leaps, file }, signature: JSON.stringify(config.leapSeconds) }
}

function makeDns({ config, node, dns }: Given): Parts['dns'] {
  const signature = JSON.stringify([config.dns, dns?.setup, node.info.resolvConf])
  return { part: new DnsPart(config.dns, node, dns), signature }
}

export function makeParts(given: Given, before?: Parts): Parts {
  const { config, node } = given
  const generation = (before?.generation ?? 0) + 1
  const clocks = nameClocks(config, node.info, defaultClock('observe'))
  const book = before?.book ?? new AddressBook()
  const sources = keepAll(makeSources(given, clocks, book, generation), before?.sources)
  const rules = new Map([...sources].map(([id, { part }]) => [id, part.rule]))
  const leaps = keep(makeLeaps(given), before?.leaps)
  const dns = keep(makeDns(given), before?.dns)
  const present = before?.present ?? { dns: dns.part }
  present.dns = dns.part
  const children = (config.children ?? []).map((child) => {
    const part = new Child(child)
    return [part.id, { part, signature: JSON.stringify(child) }] as const
  })
  return {
    ...{ generation, clocks, rules, sources, leaps, dns, present, book },
    disciplines: disciplinesOf(given, { clocks, rules, leaps }, before),
    children: keepAll(children, before?.children),
    outputs: keepAll(
      createOutputs(clocks).map(({ part, signature }) => [part.id, { part, signature }]),
      before?.outputs,
    ),
    notes: before?.notes ?? new Notes(),
    hands: before?.hands ?? new Hands(),
    names: before?.names ?? new Names(() => present.dns.resolvConf, node.random),
  }
}

/** Everything that handles events, by the id under which it gets them. */
export function machinesOf({ sources, dns, outputs, children }: Parts): Map<string, Machine> {
  return new Map<string, Machine>([
    ...[...sources].map(([id, { part }]) => [id, part.source] as const),
    ...dns.part.machines,
    ...[...outputs].map(([id, { part }]) => [id, part] as const),
    ...[...children].map(([id, { part }]) => [id, part] as const),
  ])
}

/** The clocks whose discipline is not among `others`. */
export const clocksBut = (parts: Parts, others: Parts | undefined): [ClockName, SteeredClock][] =>
  [...parts.disciplines]
    .filter(([name, { part }]) => others?.disciplines.get(name)?.part !== part)
    .map(([name, { part }]) => [name as ClockName, part])

/** Ids of the sources that go on. */
export const keptSources = (before: Parts, after: Parts): ReadonlySet<string> =>
  new Set(
    [...after.sources]
      .filter(([id, { part }]) => before.sources.get(id)?.part === part)
      .map(([id]) => id),
  )

/** Clocks that nothing can be done about, where they were not among those before. */
export const missingClocks = (
  { clocks, disciplines }: Parts,
  before: Parts | undefined,
): { readonly name: ClockName; readonly why: string }[] =>
  clocks
    .filter(({ name }) => !disciplines.has(name))
    .filter(({ name }) => before?.clocks.every((clock) => clock.name !== name) ?? true)
    .map(({ name, phc, sameAs }) => {
      const missing = phc === undefined ? 'no such PHC on this node' : 'the PHC cannot be opened'
      return { name, why: sameAs === undefined ? missing : `the same clock as ${sameAs}` }
    })

/** Who wants to know what the clocks are worth. */
export const listenersOf = ({ sources, outputs }: Parts): Listener[] => [
  ...[...sources.values()].map(({ part }) => part.source).filter(({ attends }) => attends === true),
  ...[...outputs.values()].map(({ part }) => part),
]
