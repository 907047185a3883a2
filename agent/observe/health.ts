/**
 * What is wrong with this node, one sentence per problem with what to do next; from a snapshot only.
 *
 *   critical  a clock that we steer cannot be steered, has no reference, or may be off by >= 1 s
 *   warning   holdover, acquiring, a bound >= 100 ms, a source or DNS target that fails, a foreign hand
 *   as told   what the DNS diagnosis found (dns/diagnoses.ts); `info` is no problem
 *   unknown   nothing measured in the first minute; a clock that we only watch and nothing vouches for
 *
 * Liveness, readiness and status differ on purpose. `/livez` asks whether the loops advance and never
 * whether the clock is right: a restart would lose what was learnt. `/readyz` asks whether this agent
 * measures; with `require=sync` whether the system clock may be trusted as well.
 */

import { formatInstant, formatSeconds, formatSpan } from '../core/format.ts'
import { meaningOf, type NoteCode } from '../core/notes.ts'
import { stepBetween } from '../core/units.ts'
import type { ChildState } from '../supervise/view.ts'
import { describeClock } from './sentence.ts'
import type { ClockView, EventRecord, Snapshot, SourceReport } from './snapshot.ts'

export const LEVELS = ['ok', 'unknown', 'warning', 'critical'] as const
export type Level = (typeof LEVELS)[number]

/** As monitoring plug-ins exit. */
export const EXIT_CODES: Readonly<Record<Level, number>> = {
  ok: 0,
  warning: 1,
  critical: 2,
  unknown: 3,
}

export const THRESHOLDS = {
  /** Until then a source without a sample is no problem yet, seconds. */
  startUpSeconds: 60,
  /** A clock that is still acquiring after this is stuck, seconds. */
  acquiringSeconds: 300,
  warningBoundSeconds: 0.1,
  criticalBoundSeconds: 1,
  /** Less than this left in holdover is critical, seconds. */
  holdoverLeftSeconds: 600,
  /** Failed probes in a row until a DNS target counts as failing. */
  dnsFailures: 3,
  /** Foreign hands and frozen clocks are told for this long, seconds. */
  eventSeconds: 600,
  /** An agent that handled no event for this long is stuck, seconds; it wakes itself each second. */
  heartbeatSeconds: 10,
} as const

export interface Problem {
  readonly level: Exclude<Level, 'ok'>
  readonly subject: string
  readonly text: string
  /** What to do next. */
  readonly next: string
}

export interface Health {
  readonly level: Level
  /** The one sentence: what the system clock is worth now. */
  readonly sentence: string
  /** Worst first. */
  readonly problems: readonly Problem[]
}

export interface Check {
  readonly ok: boolean
  readonly reason: string
}

const toSeconds = (ns: number | undefined): number | undefined =>
  ns === undefined ? undefined : ns / 1e9

const mayWrite = ({ mode }: ClockView): boolean => mode === 'drive' || mode === 'auto'
const isSteered = (clock: ClockView): boolean => clock.mode !== 'observe'

function stateProblem(clock: ClockView): Omit<Problem, 'subject'> | undefined {
  const { state, reason, name } = clock
  switch (state) {
    case 'locked':
      return undefined
    case 'acquiring': {
      const stuck = clock.stateSeconds > THRESHOLDS.acquiringSeconds
      const text = `${name} is being locked since ${formatSpan(clock.stateSeconds)}: ${reason}`
      const next = 'wait; if it stays so, run `timewarden sources`'
      return { level: stuck && isSteered(clock) ? 'critical' : 'warning', text, next }
    }
    case 'holdover': {
      const left = clock.holdoverLeftSeconds
      const soon = left !== undefined && left < THRESHOLDS.holdoverLeftSeconds
      const text = `${name} is in holdover, good for another ${formatSpan(left)}: ${reason}`
      return { level: soon ? 'critical' : 'warning', text, next: 'bring a reference back' }
    }
    case 'freerun': {
      const text = `${name} runs free, nothing vouches for it: ${reason}`
      const next = 'run `timewarden sources` to see why no source is usable'
      return { level: isSteered(clock) ? 'critical' : 'unknown', text, next }
    }
  }
}

function boundProblem({ name, bound }: ClockView): Omit<Problem, 'subject'> | undefined {
  const seconds = toSeconds(bound)
  if (seconds === undefined || seconds < THRESHOLDS.warningBoundSeconds) return undefined
  const critical = seconds >= THRESHOLDS.criticalBoundSeconds
  return {
    level: critical ? 'critical' : 'warning',
    text: `${name} may be off by ${formatSeconds(seconds)}`,
    next: 'check the delay and the root distance of its sources',
  }
}

function permissionProblem(clock: ClockView): Omit<Problem, 'subject'> | undefined {
  if (!mayWrite(clock) || clock.adjustable) return undefined
  return {
    level: 'critical',
    text: `${clock.name} is to be driven and cannot be: ${clock.notAdjustable}`,
    next: 'give the agent CAP_SYS_TIME and write access to the device, or set `mode: observe`',
  }
}

function kernelProblem(clock: ClockView): Omit<Problem, 'subject'> | undefined {
  const unsync = clock.kernel !== undefined && !clock.kernel.synchronized
  if (!unsync || clock.mode !== 'drive' || clock.state !== 'locked') return undefined
  return {
    level: 'warning',
    text: `the kernel says that ${clock.name} is not synchronised although it is locked`,
    next: 'look for another program that sets the kernel status (adjtimex, hwclock)',
  }
}

const clockProblems = (clock: ClockView): Problem[] =>
  [stateProblem, boundProblem, permissionProblem, kernelProblem]
    .map((check) => check(clock))
    .filter((problem) => problem !== undefined)
    .map((problem) => ({ ...problem, subject: clock.name }))

/** What to do about a source with this verdict; a verdict not named here is no problem. */
const SOURCE_ADVICE: Partial<Record<SourceReport['verdict'], string>> = {
  'no-sample': 'check that its address is right and that a firewall lets the answers through',
  unreachable: 'check the network path and that the server runs',
  stale: 'check the network path and that the server runs',
  unsynchronised: 'it waits for its own reference: look there',
  distance: 'choose a closer source, or look at its own reference',
  smeared: 'do not mix it with sources that insert the leap second: remove one kind',
  falseticker: 'compare that source with its own reference and remove it if it stays wrong',
  'no-majority': 'add sources until a majority agrees, or mark one as `trust`',
}

function sourceProblem(source: SourceReport): Problem | undefined {
  const next = SOURCE_ADVICE[source.verdict]
  if (next === undefined) return undefined
  const why = source.trouble === '' ? source.why : source.trouble
  const text = `source ${source.id} is ${source.verdict}${why === '' ? '' : `: ${why}`}`
  return { level: 'warning', subject: source.id, text, next }
}

function diagnosisProblems({ dns }: Snapshot): Problem[] {
  return (dns.report?.diagnoses ?? []).flatMap(({ severity, subject, sentence, next }) =>
    severity === 'info'
      ? []
      : [{ level: severity, subject: `dns:${subject}`, text: sentence, next }],
  )
}

/** Failures that no diagnosis explains. */
function dnsProblems({ dns }: Snapshot): Problem[] {
  const explained = new Set(dns.report?.diagnoses.flatMap(({ targets }) => targets))
  return dns.targets
    .filter(({ failures }) => failures >= THRESHOLDS.dnsFailures)
    .filter(({ target }) => !explained.has(target))
    .map(({ target, transport, failures, lastResult }) => ({
      level: 'warning',
      subject: `dns:${target}`,
      text: `DNS server ${target} failed ${failures} times in a row over ${transport}: ${lastResult}`,
      next: `try \`dig ${transport === 'tcp' ? '+tcp ' : ''}@${target}\` from this node`,
    }))
}

/** What to do about a child in this state; a state not named here is no problem. */
const CHILD_ADVICE: Partial<Record<ChildState, string>> = {
  'back-off': 'read its lines in the log; `timewarden check-config` shows its command',
  foreign: 'stop the other program, or give the child a `socket` of its own',
}

const childProblems = ({ children }: Snapshot): Problem[] =>
  children.flatMap(({ name, state, trouble, backOffSeconds }): Problem[] => {
    const next = CHILD_ADVICE[state]
    if (next === undefined) return []
    const text = `${name} does not run, tried again after ${formatSpan(backOffSeconds)}: ${trouble}`
    return [{ level: 'warning', subject: `child:${name}`, text, next }]
  })

const EVENT_ADVICE: Partial<Record<NoteCode, readonly [Problem['level'], string]>> = {
  panic: ['critical', 'find out which time is right; restart the agent to let it step the clock'],
  'steer-failed': ['critical', 'read the log; check capabilities and the device'],
  'foreign-frequency': ['warning', 'stop the other program that steers this clock'],
  'foreign-step': ['warning', 'stop the other program that sets this clock'],
  'kiss-deny': ['warning', 'remove this server: it refuses us'],
}

function leapProblems({ leapSeconds, clocks }: Snapshot): Problem[] {
  const driven = clocks.some(({ name, mode }) => name === 'system' && mode === 'drive')
  if (!leapSeconds.expired || !driven) return []
  const text = `the list of leap seconds has expired (${formatInstant(leapSeconds.expires).slice(0, 10)})`
  const next = 'update tzdata, or set `leapSeconds.list` to a file that is kept up to date'
  return [{ level: 'warning', subject: 'system', text, next }]
}

function eventProblem(event: EventRecord): Problem | undefined {
  const advice = EVENT_ADVICE[event.code]
  if (advice === undefined) return undefined
  const [level, next] = advice
  return {
    level,
    subject: event.subject,
    text: `${event.subject}: ${meaningOf(event.code)} (${event.detail})`,
    next,
  }
}

/** A clock that we do not drive is steered by somebody else on purpose. */
const isExpected = ({ code, subject }: EventRecord, clocks: readonly ClockView[]): boolean =>
  code === 'foreign-frequency' && clocks.find(({ name }) => name === subject)?.steered !== true

/** Only the last event of each subject and code, so that a flood is one sentence. */
function eventProblems({ events, at, clocks }: Snapshot): Problem[] {
  const limit = BigInt(THRESHOLDS.eventSeconds) * 1_000_000_000n
  const last = new Map(
    events
      .filter((event) => stepBetween(at, event.at) < limit && !isExpected(event, clocks))
      .map((event) => [`${event.subject} ${event.code}`, event]),
  )
  return [...last.values()].map(eventProblem).filter((problem) => problem !== undefined)
}

const isStartingUp = (snapshot: Snapshot): boolean =>
  snapshot.uptimeSeconds < THRESHOLDS.startUpSeconds

const hasMeasured = (snapshot: Snapshot): boolean =>
  snapshot.sources.some((source) => source.ageSeconds !== undefined)

const rank = ({ level }: Problem): number => LEVELS.indexOf(level)

const NO_SOURCE: Problem = {
  level: 'unknown',
  subject: 'agent',
  text: 'there is no source: nothing is measured',
  next: 'name sources in a configuration file and start with `timewarden run --config FILE`',
}

/**
 * In the first minute and before the first sample nothing can be said of a clock, good or bad; a program
 * that does not start may be why.
 */
function problemsOf(snapshot: Snapshot): Problem[] {
  const missing = snapshot.sources.length === 0 ? [NO_SOURCE] : []
  if (missing.length === 0 && isStartingUp(snapshot) && !hasMeasured(snapshot)) {
    const text = `started ${formatSpan(snapshot.uptimeSeconds)} ago, nothing measured yet`
    const wait: Problem = { level: 'unknown', subject: 'agent', text, next: 'wait a minute' }
    return [...childProblems(snapshot), wait]
  }
  const judged = snapshot.sources.filter(
    ({ verdict }) => verdict !== 'no-sample' || !isStartingUp(snapshot),
  )
  return [
    ...missing,
    ...snapshot.clocks.flatMap(clockProblems),
    ...judged.map(sourceProblem).filter((problem) => problem !== undefined),
    ...childProblems(snapshot),
    ...diagnosisProblems(snapshot),
    ...dnsProblems(snapshot),
    ...leapProblems(snapshot),
    ...eventProblems(snapshot),
  ].sort((a, b) => rank(b) - rank(a))
}

export function assessHealth(snapshot: Snapshot): Health {
  const problems = problemsOf(snapshot)
  return {
    level: problems[0]?.level ?? 'ok',
    sentence: describeClock(snapshot),
    problems,
  }
}

/** `heartbeatAge`: seconds since the agent handled its last event. */
export function checkLiveness(heartbeatAge: number): Check {
  const ok = heartbeatAge < THRESHOLDS.heartbeatSeconds
  return {
    ok,
    reason: ok
      ? 'the agent handles events'
      : `the agent handled no event for ${formatSpan(heartbeatAge)}`,
  }
}

export function checkReadiness(snapshot: Snapshot, requireSync: boolean): Check {
  if (snapshot.sources.length > 0 && !hasMeasured(snapshot)) {
    return { ok: false, reason: 'no source was measured yet' }
  }
  if (!requireSync) return { ok: true, reason: 'measuring' }
  const system = snapshot.clocks.find(({ name }) => name === 'system')
  const ok = system?.state === 'locked' || system?.state === 'holdover'
  return { ok, reason: system === undefined ? 'no system clock' : describeClock(snapshot) }
}
