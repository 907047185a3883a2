/** How a ptp4l source looks from outside; reads, changes nothing. */
import type { Ptp4lSourceConfig } from '../config/types.ts'
import { rootDistance } from '../core/sample.ts'
import { type Instant, nanos } from '../core/units.ts'
import type { Port } from './ptp4l-ports.ts'
import type { Survey } from './ptp4l-survey.ts'
import type { Tracker } from './ptp4l-tracker.ts'
import type { Ptp4lPortView, SourceView } from './source.ts'

export interface ViewContext {
  readonly now: Instant<'mono'>
  readonly subscribed: boolean
  readonly restarts: number
  readonly survey: Survey
}

function portView(port: Port, survey: Survey): Ptp4lPortView {
  const { syncSeconds: _, measuresDelay: __, ...shown } = port
  const { number } = port
  return { ...shown, dataSets: survey.values(number), traffic: survey.traffic(number) }
}

export function viewOf(
  id: string,
  config: Ptp4lSourceConfig,
  tracker: Tracker,
  { now, subscribed, restarts, survey }: ViewContext,
): SourceView {
  const { last, facts, ports } = tracker
  const port = ports.receiving(config.freeRunning)
  return {
    id,
    kind: 'ptp4l',
    clock: tracker.clock,
    address: config.socket,
    reach: tracker.reach,
    pollSeconds: tracker.isPushed(now) ? (port?.syncSeconds ?? config.poll) : config.poll,
    lastSampleAt: last?.at,
    offset: last?.offset,
    delay: last?.delay,
    rootDistance: last && rootDistance(last),
    stratum: last?.stratum,
    reference: last?.reference ?? '',
    stamps: last?.stamps,
    trouble: tracker.reason(now).text,
    detail: {
      kind: 'ptp4l',
      domain: config.domain,
      subscribed,
      restarts,
      grandmaster: facts.status?.gmIdentity ?? facts.parent?.grandmasterIdentity ?? '',
      clockClass: facts.parent?.grandmasterClockQuality.clockClass,
      clockAccuracy: facts.parent?.grandmasterClockQuality.clockAccuracy,
      stepsRemoved: facts.current?.stepsRemoved,
      meanPathDelay: facts.current && nanos(facts.current.meanPathDelay),
      upstream: tracker.upstream,
      ports: ports.list.map((each) => portView(each, survey)),
      dataSets: survey.values(),
      refusedDataSets: survey.refused,
    },
  }
}
