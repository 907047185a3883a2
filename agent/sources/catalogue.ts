/**
 * The one list of source kinds: what a configuration amounts to, as machines with their rules.
 *
 * Ranks: a PHC, pulses, and a ptp4l that measures the system clock itself are 0, an NTP server 1, a chronyd
 * that we merely watch 2. A better rank steers as long as it is true.
 */
import type {
  ClockConfig,
  Config,
  NtpSourceConfig,
  PpsSourceConfig,
  Ptp4lSourceConfig,
  SourceConfig,
} from '../config/types.ts'
import type { PulseInput } from '../core/pulse.ts'
import type { ClockName } from '../core/sample.ts'
import { seconds } from '../core/units.ts'
import type { KeyPort } from '../ports/keys.ts'
import type { RandomPort } from '../ports/random.ts'
import type { SourceRule } from '../select/rule.ts'
import { ChronySource } from './chrony.ts'
import { AddressBook } from './ntp-book.ts'
import { createNtpSources } from './ntp-sources.ts'
import { PhcSource } from './phc.ts'
import { PhcPairSource } from './phc-pair.ts'
import { PpsSource } from './pps.ts'
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
  /** The clock of this node that is meant by a name in the configuration. */
  readonly named: (written: string) => ClockName | undefined
  /** Addresses of the node with their prefix lengths. */
  readonly networks?: readonly string[] | undefined
  /** Who asks which NTP server, where there were sources before these. */
  readonly book?: AddressBook | undefined
  /** How many configurations there were. */
  readonly generation?: number
}

export interface BuiltSource {
  readonly source: Source
  readonly rule: SourceRule
  /** All that made it: one of the same id and signature would be no other. */
  readonly signature: string
}

type Made = Omit<BuiltSource, 'signature'>

/** Keys may have been changed in their file, which the configuration does not show. */
const keysOf = (config: SourceConfig, { generation = 0 }: SourceContext): number =>
  config.type === 'ntp' && config.key !== undefined ? generation : 0

const signed = (made: Made, ...by: readonly unknown[]): BuiltSource => ({
  ...made,
  signature: JSON.stringify([made.rule, ...by]),
})

/** Of a PHC: after its own ptp4l another PHC, and the system clock last. */
const PAIR_RANK = 1
const SYSTEM_RANK = 2

type Flags = Omit<SourceRule, 'source' | 'rank'>

const PLAIN: Flags = { noselect: false, prefer: false, trust: false, require: false }
const rule = (source: Source, rank: number, flags = PLAIN): Made => ({
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
): Made[] =>
  createNtpSources(config, { random, keys, book, networks }).map((source) =>
    rule(source, 1, flagsOf(config)),
  )

/** chronyd steers the clock that it measures: of use to a watcher, never to another steersman. */
function chrony(config: SourceConfig & { type: 'chrony' }, context: SourceContext): Made {
  const driven = context.config.clocks['system']?.mode === 'drive'
  return rule(new ChronySource({ config }), 2, { ...PLAIN, noselect: driven })
}

function ptp4l(written: Ptp4lSourceConfig, { random, clockOf, named }: SourceContext): Made {
  const { grandmaster } = written
  // by the name that the clock has here
  const config = grandmaster
    ? { ...written, grandmaster: named(grandmaster) ?? grandmaster }
    : written
  return rule(new Ptp4lSource({ config, random, phcName: clockOf }), 0)
}

function fromConfig(config: SourceConfig, context: SourceContext, book: AddressBook): Made[] {
  switch (config.type) {
    case 'ntp':
      return ntp(config, context, book)
    case 'chrony':
      return [chrony(config, context)]
    case 'pps':
      return [pps(config, context)]
    case 'ptp4l':
      return [ptp4l(config, context)]
  }
}

/** 100 ns: a GNSS receiver and its cable. 10 us: what interrupts make of it on a busy node. */
const PULSE_ACCURACY = { extts: 1e-7, pps: 1e-5 } as const

/** A PHC that is not there keeps its name: whoever asks it is told so. */
function inputOf(config: PpsSourceConfig, { named }: SourceContext): PulseInput {
  const { device, clock: written = '', edge, channel, pin } = config
  if (device !== undefined) {
    return { kind: 'pps', device, edge: edge === 'falling' ? 'falling' : 'rising' }
  }
  const clock = named(written) ?? (written as ClockName)
  return { kind: 'extts', clock, channel, pin, edge }
}

function pps(config: PpsSourceConfig, context: SourceContext): Made {
  const input = inputOf(config, context)
  const { noselect, prefer, accuracy = PULSE_ACCURACY[input.kind] } = config
  const of = input.kind === 'pps' ? input.device : `${input.clock}.${input.channel}`
  const source = new PpsSource({
    ...{ id: `pps:${of}`, input, vouched: config.second === 'system' },
    delay: seconds(config.delay),
    accuracy: seconds(accuracy),
    width: seconds(config.width),
  })
  return rule(source, 0, { ...PLAIN, noselect, prefer })
}

/** A ptp4l may tell the offset of any PHC, pulses that of the one that they are led to. */
const isTold = (phc: ClockName, { config, named }: SourceContext): boolean =>
  config.sources.some(
    (source) =>
      source.type === 'ptp4l' ||
      (source.type === 'pps' &&
        source.clock !== undefined &&
        !source.noselect &&
        named(source.clock) === phc),
  )

type Phc = SourceContext['phcs'][number]

/**
 * The edges of a PHC: to the system clock, from it, and from other PHCs. The system clock steers a PHC
 * where `reference` says so, or where it is ours and nobody tells its offset. An edge from PHC to PHC
 * is read only while a ptp4l or pulses vouch for the reference, or the operator does by naming it.
 */
function fromPhc({ name, config }: Phc, context: SourceContext): Made[] {
  const told = isTold(name, context)
  const ours = config.mode === 'drive' || config.mode === 'auto'
  const named = namesOf(config, context)
  const fromSystem = ours && (named === undefined ? !told : named.includes('system'))
  const { rate } = config
  const asked = context.config.clocks['system']?.reference !== undefined
  return [
    ...(fromSystem && !told && !asked ? [] : [toSystem({ name, config }, context)]),
    ...(fromSystem ? [reverse(name, rate, told || (named?.length ?? 0) > 1)] : []),
    ...(ours ? context.phcs : []).flatMap(({ name: reference }) => {
      const wanted = named === undefined ? isTold(reference, context) : named.includes(reference)
      if (reference === name || !wanted) return []
      const trusted = named !== undefined
      return [rule(new PhcPairSource({ reference, clock: name, rate, trusted }), PAIR_RANK)]
    }),
  ]
}

function toSystem({ name, config }: Phc, context: SourceContext): Made {
  const { system } = context.config.clocks
  const trusted = trustedIn(name, context)
  const noselect = system?.reference !== undefined && !trusted
  return rule(new PhcSource({ clock: name, rate: config.rate, trusted }), 0, { ...PLAIN, noselect })
}

/** Behind whatever a ptp4l says of a PHC. */
const reverse = (clock: ClockName, rate: number, last: boolean): Made =>
  rule(new PhcSource({ clock, rate, direction: 'system-to-phc' }), last ? SYSTEM_RANK : 0)

/** The clocks that `reference` names, as they are called here. */
const namesOf = ({ reference }: ClockConfig, context: SourceContext): ClockName[] | undefined =>
  reference?.flatMap((written) => context.named(written) ?? [])

export function createSources(context: SourceContext): BuiltSource[] {
  const book = context.book ?? new AddressBook()
  const names = context.phcs.map(({ name }) => name)
  // what they told of a PHC is told no more when they go
  const tellers = context.config.sources.filter(({ type }) => type === 'ptp4l' || type === 'pps')
  return [
    ...context.config.sources.flatMap((config) =>
      fromConfig(config, context, book).map((made) =>
        signed(made, config, names, context.networks, keysOf(config, context)),
      ),
    ),
    ...context.phcs.flatMap((phc) =>
      fromPhc(phc, context).map((made) =>
        signed(made, phc.config, trustedIn(phc.name, context), tellers),
      ),
    ),
  ]
}

/** Whether the operator vouches for a PHC that steers the system clock. */
const trustedIn = (name: ClockName, context: SourceContext): boolean => {
  const { system } = context.config.clocks
  return (system && namesOf(system, context))?.includes(name) ?? false
}
