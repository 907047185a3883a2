/**
 * What the NTP scenarios share: a node on a local network whose clock starts 12 ms and 18 ppm off, any
 * number of servers, and the three questions of a user: how far off was it, was it stepped, did the
 * published bound ever lie.
 *
 * Physics of that network, from which the limits come: each way takes 100 us and on average 10 us in
 * queues, exponentially distributed. One exchange is therefore wrong by half the difference of two such
 * waits: 7 us (standard deviation), and more than 50 us once in 20 000. The crystal walks by 1 ppb per
 * sqrt(s), 40 ns in the 16 s between two polls: nothing beside it. So even a loop that passes on every
 * single sample in full stays within LAN_LIMIT.
 */
import type { Test } from 'tap'
import type { ClockConfig } from '../../agent/config/types.ts'
import type { NoteCode } from '../../agent/core/notes.ts'
import type { SourceReport } from '../../agent/observe/snapshot.ts'
import { boundViolations, maxError, stepsAfter, type TruthSample } from '../../agent/sim/assess.ts'
import type { NtpServerOptions } from '../../agent/sim/peers/ntp-server.ts'
import { clockConfig, ntpConfig, simConfig } from '../../agent/sim/plain-config.ts'
import type { Run } from '../../agent/sim/run.ts'
import type { Deed, NamedNtpServer, Scenario } from '../../agent/sim/scenario.ts'

export { at, SEEDS } from './lan.ts'

export const US = 1e3
export const MS = 1e6
/** Farthest that the clock may be from the truth when nothing happens, ns. */
export const LAN_LIMIT = 50 * US
/** When the boot step, the first lock and the learning of 18 ppm are long over. */
export const SETTLED = 900

const LINK = { delayNs: 100_000, jitterNs: 10_000 }

/** What a server may be off by, as it says itself: half its root delay and its root dispersion. */
export const ROOT_DISTANCE = 250 * US + 300 * US

/** `ntp-a`, `ntp-b` ... */
export const nameOf = (k: number): string => `ntp-${String.fromCharCode(97 + k)}`

export interface NodeOptions extends Omit<Partial<Scenario>, 'ntp' | 'config'> {
  /** Poll exponents of all sources. */
  readonly poll?: { readonly minpoll: number; readonly maxpoll: number }
  readonly clock?: Partial<ClockConfig>
  /** Id of the key that all sources want. */
  readonly key?: number
  /** Servers that nobody asks, unless a name is changed to mean them. */
  readonly spares?: readonly NamedNtpServer[]
}

/** A server per entry, `{}` for an honest one. */
export function node(
  seed: string,
  servers: readonly Partial<NtpServerOptions>[],
  { poll = { minpoll: 3, maxpoll: 4 }, key, clock = {}, spares = [], ...more }: NodeOptions = {},
): Scenario {
  const ntp = servers.map(({ link, ...server }, k) => ({
    ...{ name: nameOf(k), address: `10.0.0.${k + 1}`, link: { ...LINK, ...link } },
    ...server,
  }))
  const sources = ntp.map(({ name }) => ntpConfig({ name, key, ...poll }))
  return {
    seed,
    config: simConfig({ clocks: { system: clockConfig({ mode: 'drive', ...clock }) }, sources }),
    system: { offset: 0.012, frequencyPpb: 18_000, wanderPpb: 1 },
    ntp: [...ntp, ...spares],
    ...more,
  }
}

export const honest = (count: number): Partial<NtpServerOptions>[] =>
  Array.from({ length: count }, () => ({}))

/** From `from` on the server's clock runs away by `ppb`, beginning `jumpNs` off. */
export const drift = (server: string, from: number, ppb: number, jumpNs = 0): Deed => ({
  ...{ do: 'ntp', server },
  set: { driftPpb: ppb, errorNs: jumpNs - from * ppb },
})

export interface Limits {
  /** Seconds after the world began. */
  readonly from: number
  readonly until?: number
  /** Largest |error|, ns. */
  readonly error: number
  /** Steps allowed between `from` and `until`; by default none. */
  readonly steps?: number
  /** Seconds in which the bound may be wrong, for what nobody could know at once. */
  readonly blind?: readonly (readonly [from: number, to: number])[]
}

/** What today's code does not reach yet, with the reason. */
export type Todo = Partial<Record<'error' | 'steps' | 'bound', string>>

const mark = (todo: string | undefined) => (todo === undefined ? {} : { todo })

/** The bound is checked from the beginning of the world on, error and steps between the limits. */
export function judge(t: Test, run: Run, limits: Limits, todo: Todo = {}): void {
  const { from, until = Number.POSITIVE_INFINITY, error, steps = 0, blind = [] } = limits
  const record = run.record('system').filter((sample) => sample.at <= until)
  const worst = maxError(record, from)
  t.ok(worst <= error, `worst ${(worst / US).toFixed(1)} us from ${from} s on`, mark(todo.error))
  const made = stepsAfter(record, from)
  t.ok(made <= steps, `${made} steps from ${from} s on`, mark(todo.steps))
  const isBlind = ({ at }: TruthSample) => blind.some(([begin, end]) => at >= begin && at <= end)
  const violations = boundViolations(record).filter((sample) => !isBlind(sample))
  const first = violations[0]
  const told =
    first === undefined
      ? 'the bound holds'
      : `${violations.length} s beyond the bound, first at ${first.at} s: ${first.error} beyond ${first.bound}`
  t.ok(violations.length === 0, told, mark(todo.bound))
}

const reports = (run: Run): readonly SourceReport[] => run.snapshot().sources

export const sourceOf = (run: Run, k: number): SourceReport | undefined =>
  reports(run).find(({ id }) => id === `ntp:${nameOf(k)}`)

/** How often each source was asked. */
export const requests = (run: Run): number[] =>
  reports(run).map(({ detail }) => (detail.kind === 'ntp' ? detail.sent : 0))

/** By `ntp-a` ... */
export const verdicts = (run: Run): Record<string, string> =>
  Object.fromEntries(reports(run).map(({ id, verdict }) => [id.slice('ntp:'.length), verdict]))

export const isUsed = (verdict: string | undefined): boolean =>
  verdict === 'selected' || verdict === 'combined'

/** How often it was noted; of one subject, or of all. */
export const noted = (run: Run, code: NoteCode, subject?: string): number =>
  run.stage.world.notes.filter(
    (each) => each.code === code && (subject === undefined || each.subject === subject),
  ).length

/** Seconds after which `is` held of the record for good; undefined: it does not at the end. */
export function forGood(
  record: readonly TruthSample[],
  is: (sample: TruthSample) => boolean,
): number | undefined {
  const last = record.findLast((sample) => !is(sample))
  return record.find(({ at }) => at > (last?.at ?? -1))?.at
}
