/**
 * The one list of source kinds: what a configuration amounts to, as machines with their rules.
 *
 * Ranks: a PHC (and a ptp4l that measures the system clock itself) is 0, an NTP server 1, a chronyd
 * that we merely watch 2. A better rank steers as long as it is true.
 */
import type { ClockConfig, Config, NtpSourceConfig, SourceConfig } from '../config/types.ts'
import type { ClockName } from '../core/sample.ts'
import type { KeyPort } from '../ports/keys.ts'
import type { RandomPort } from '../ports/random.ts'
import type { SourceRule } from '../select/rule.ts'
import { ChronySource } from './chrony.ts'
import { AddressBook } from './ntp-book.ts'
import { createNtpSources } from './ntp-sources.ts'
import { PhcSource } from './phc.ts'
import { Ptp4lSource } from './ptp4l.ts'
import type { Source } from './source.ts'

export interface SourceContext {
  readonly config: Config
  readonly random: RandomPort
  readonly keys?: KeyPort | undefined
  /** The PHCs of this node under the names they have here. */
  readonly phcs: readonly { readonly name: ClockName; readonly config: ClockConfig }[]
  /** The clock that a ptp4l port with this PHC index disciplines. */
  readonly clockOf: (
    phcIndex: number | undefined,
    networkInterface: string,
  ) => ClockName | undefined
  /** Addresses of the node with their prefix lengths. */
  readonly networks?: readonly string[] | undefined
}

export interface BuiltSource {
  readonly source: Source
  readonly rule: SourceRule
}

type Flags = Omit<SourceRule, 'source' | 'rank'>

const PLAIN: Flags = { noselect: false, prefer: false, trust: false, require: false }
const rule = (source: Source, rank: number, flags = PLAIN): BuiltSource => ({
  source,
  rule: { source: source.id, rank, ...flags },
})

/** The part of an NTP source's options that is the selection's and the estimator's. */
const flagsOf = (config: NtpSourceConfig): Flags => ({
  noselect: config.noselect,
  prefer: config.prefer,
  trust: config.trust,
  require: config.require,
  minSamples: config.minSamples,
  maxSamples: config.maxSamples,
  maxUnreach: config.maxUnreach,
})

const ntp = (
  config: NtpSourceConfig,
  { random, keys, networks = [] }: SourceContext,
  book: AddressBook,
): BuiltSource[] =>
  createNtpSources(config, { random, keys, book, networks }).map((source) =>
    rule(source, 1, flagsOf(config)),
  )

/** chronyd steers the clock that it measures: of use to a watcher, never to another steersman. */
function chrony(config: SourceConfig & { type: 'chrony' }, context: SourceContext): BuiltSource {
  const driven = context.config.clocks['system']?.mode === 'drive'
  return rule(new ChronySource({ config }), 2, { ...PLAIN, noselect: driven })
}

function fromConfig(
  config: SourceConfig,
  context: SourceContext,
  book: AddressBook,
): BuiltSource[] {
  switch (config.type) {
    case 'ntp':
      return ntp(config, context, book)
    case 'chrony':
      return [chrony(config, context)]
    case 'ptp4l':
      return [
        rule(new Ptp4lSource({ config, random: context.random, phcName: context.clockOf }), 0),
      ]
  }
}

/**
 * Every PHC is compared with the system clock. Its sample counts for the system clock, unless the
 * PHC is driven and no ptp4l tells its offset: then the system clock is what it has to follow.
 */
function fromPhc(name: ClockName, config: ClockConfig, context: SourceContext): BuiltSource {
  const told = context.config.sources.some((source) => source.type === 'ptp4l')
  const direction = config.mode === 'drive' && !told ? 'system-to-phc' : 'phc-to-system'
  return rule(new PhcSource({ clock: name, rate: config.rate, direction }), 0)
}

export function createSources(context: SourceContext): BuiltSource[] {
  const book = new AddressBook()
  return [
    ...context.config.sources.flatMap((config) => fromConfig(config, context, book)),
    ...context.phcs.map(({ name, config }) => fromPhc(name, config, context)),
  ]
}
