/** Snapshot to the JSON of `/status` (`status-types.ts`): units by name, no bigint, nothing hidden. */

import type { LeapSecondsView } from '../clock/leap-seconds.ts'
import { formatInstant } from '../core/format.ts'
import { type Instant, since } from '../core/units.ts'
import type { MatrixCell, MatrixRow } from '../dns/matrix.ts'
import type { DnsReport } from '../dns/report.ts'
import type { DnsTargetView, DnsView } from '../dns/view.ts'
import type { SourceDetail } from '../sources/source.ts'
import type { ChildView } from '../supervise/view.ts'
import { assessHealth } from './health.ts'
import { ptp4lDetail } from './ptp-status.ts'
import type { ClockView, EventRecord, Snapshot, SourceReport } from './snapshot.ts'
import type {
  ChildStatus,
  ClockStatus,
  DetailStatus,
  DnsStatus,
  DnsTargetStatus,
  EventStatus,
  LeapSecondsStatus,
  MatrixCellStatus,
  MatrixRowStatus,
  SourceStatus,
  StampedStatus,
  Status,
} from './status-types.ts'

const seconds = (ns: number | undefined): number | null => (ns === undefined ? null : ns / 1e9)
/** JSON has no NaN and no infinity. */
const number = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value

const clockStatus = (clock: ClockView): ClockStatus => ({
  name: clock.name,
  mode: clock.mode,
  state: clock.state,
  stateSeconds: clock.stateSeconds,
  reason: clock.reason,
  offsetSeconds: seconds(clock.offset),
  offsetSource: clock.offsetSource,
  frequencyPpb: number(clock.frequency),
  errorBoundSeconds: seconds(clock.bound),
  errorBoundGrowthPpb: clock.boundGrowth,
  holdoverRemainingSeconds: number(clock.holdoverLeftSeconds),
  leap: clock.leap,
  taiOffsetSeconds: number(clock.taiOffset),
  steps: clock.steps,
  steered: clock.steered,
  adjustable: clock.adjustable,
  notAdjustable: clock.notAdjustable,
  kernel:
    clock.kernel === undefined
      ? null
      : {
          synchronized: clock.kernel.synchronized,
          maxErrorSeconds: clock.kernel.maxError / 1e9,
          estimatedErrorSeconds: clock.kernel.estimatedError / 1e9,
        },
})

type Stamped = NonNullable<Extract<SourceDetail, { kind: 'ntp' }>['stamped']>

const stampedStatus = ({ tx, rx }: Stamped): StampedStatus => ({
  tx: { last: tx.last ?? null, ...tx.counts },
  rx: { last: rx.last ?? null, ...rx.counts },
})

function detailStatus(detail: SourceDetail, now: Instant<'mono'>): DetailStatus {
  switch (detail.kind) {
    case 'ntp': {
      const { stamped, ...rest } = detail
      return stamped === undefined ? rest : { ...rest, stamped: stampedStatus(stamped) }
    }
    case 'ptp4l':
      return ptp4lDetail(detail, now)
    case 'phc': {
      const { kind, method, utcOffset } = detail
      return { kind, method, utcOffsetSeconds: number(utcOffset) }
    }
    case 'pps':
      return detail
    case 'chrony': {
      const { kind, frequency, skew, leap } = detail
      return { kind, frequencyPpb: number(frequency), skewPpb: number(skew), leap }
    }
  }
}

const sourceStatus = (source: SourceReport, now: Instant<'mono'>): SourceStatus => ({
  id: source.id,
  kind: source.kind,
  clock: source.clock ?? null,
  address: source.address,
  verdict: source.verdict,
  why: source.why,
  trouble: source.trouble,
  reach: source.reach,
  pollSeconds: source.pollSeconds,
  sampleAgeSeconds: number(source.ageSeconds),
  offsetSeconds: seconds(source.offset),
  delaySeconds: seconds(source.delay),
  rootDistanceSeconds: seconds(source.rootDistance),
  stratum: number(source.stratum),
  reference: source.reference,
  stamps: source.stamps ?? null,
  detail: detailStatus(source.detail, now),
})

function targetStatus(view: DnsTargetView): DnsTargetStatus {
  const results = Object.entries(view.results).filter(([, count]) => count > 0)
  const answered = view.buckets.reduce((sum, count) => sum + count, 0)
  return {
    target: view.target,
    transport: view.transport,
    origin: view.origin,
    results: Object.fromEntries(results),
    probes: results.reduce((sum, [, count]) => sum + count, 0),
    meanSeconds: answered === 0 ? null : view.durationSum / answered,
    lastResult: view.lastResult ?? null,
    lastName: view.lastName,
    lastSeconds: number(view.lastSeconds),
    lastAgeSeconds: number(view.lastAgeSeconds),
    consecutiveFailures: view.failures,
  }
}

const cellStatus = ({ mark, p50, attempts }: MatrixCell): MatrixCellStatus => ({
  mark,
  p50Seconds: number(p50),
  attempts,
})

const rowStatus = ({ target, roles, cells }: MatrixRow): MatrixRowStatus => ({
  target,
  roles,
  udp: cellStatus(cells.udp),
  tcp: cellStatus(cells.tcp),
  dot: cellStatus(cells.dot),
})

type Reported = Pick<DnsReport, 'matrix' | 'diagnoses'>

/** Nobody was asked. */
export const NO_REPORT: Reported = { matrix: [], diagnoses: [] }

/** What is measured and found, as `/status` shows it. */
export const reportStatus = ({
  matrix,
  diagnoses,
}: Reported): Pick<DnsStatus, 'matrix' | 'diagnoses'> => ({
  matrix: matrix.map(rowStatus),
  diagnoses,
})

const dnsStatus = (dns: DnsView): DnsStatus => ({
  enabled: dns.enabled,
  nameservers: dns.nameservers,
  search: dns.search,
  ndots: dns.ndots,
  targets: dns.targets.map(targetStatus),
  ...reportStatus(dns.report ?? NO_REPORT),
})

const eventStatus = (event: EventRecord): EventStatus => ({
  time: formatInstant(event.at),
  severity: event.severity,
  subject: event.subject,
  code: event.code,
  detail: event.detail,
  repeats: event.repeats ?? 1,
})

const leapSecondsStatus = (view: LeapSecondsView): LeapSecondsStatus => ({
  ...{ mode: view.mode, origin: view.origin, expired: view.expired, verified: view.verified },
  ...{ updated: formatInstant(view.updated), expires: formatInstant(view.expires) },
  next:
    view.next === undefined
      ? null
      : { time: formatInstant(view.next.at), kind: view.next.sign === 1 ? 'insert' : 'delete' },
})

const childStatus = (child: ChildView, now: Instant<'mono'>): ChildStatus => ({
  name: child.name,
  state: child.state,
  stateSeconds: since(now, child.since) / 1e9,
  pid: number(child.pid),
  command: child.command,
  socket: child.socket,
  restarts: child.restarts,
  trouble: child.trouble,
  backOffSeconds: child.backOffSeconds,
  lastExit:
    child.lastExit === undefined ? null : { ...child.lastExit, code: number(child.lastExit.code) },
})

export function toStatus(snapshot: Snapshot): Status {
  return {
    schema: 1,
    version: snapshot.version,
    hostname: snapshot.hostname,
    time: formatInstant(snapshot.at),
    monotonicSeconds: Number(snapshot.mono) / 1e9,
    uptimeSeconds: snapshot.uptimeSeconds,
    explicitConfig: snapshot.explicitConfig,
    ...assessHealth(snapshot),
    clocks: snapshot.clocks.map(clockStatus),
    sources: snapshot.sources.map((source) => sourceStatus(source, snapshot.mono)),
    dns: dnsStatus(snapshot.dns),
    children: snapshot.children.map((child) => childStatus(child, snapshot.mono)),
    leapSeconds: leapSecondsStatus(snapshot.leapSeconds),
    events: snapshot.events.map(eventStatus),
  }
}
