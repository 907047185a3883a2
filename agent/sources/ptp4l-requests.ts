/** What ptp4l is asked for: everything at first, the slow part now and then, the subscription. */
import type { Action } from '../core/machine.ts'
import type { Instant } from '../core/units.ts'
import type { DataSet, DataSetName } from './management-data.ts'
import { NOTIFY } from './management-parts.ts'
import type { Session } from './ptp4l-session.ts'

/** Seconds; renewed at one third. */
export const SUBSCRIPTION = 60
const EVERYTHING: readonly DataSetName[] = [
  'DEFAULT_DATA_SET',
  'PORT_PROPERTIES_NP',
  'PORT_HWCLOCK_NP',
  'TIME_PROPERTIES_DATA_SET',
  'PARENT_DATA_SET',
  'PORT_DATA_SET',
  'CURRENT_DATA_SET',
]
const SLOW: readonly DataSetName[] = [
  'PORT_PROPERTIES_NP',
  'TIME_PROPERTIES_DATA_SET',
  'PARENT_DATA_SET',
  'PORT_DATA_SET',
]
const subscription = (duration: number, events: readonly number[]): DataSet => ({
  name: 'SUBSCRIBE_EVENTS_NP',
  value: { duration, events },
})
export const SUBSCRIBE = subscription(SUBSCRIPTION, [
  NOTIFY.portState,
  NOTIFY.timeSync,
  NOTIFY.parent,
  NOTIFY.cmlds,
])
export const UNSUBSCRIBE = subscription(0, [])

/** In this order, since ptp4l answers in order: a sample needs what comes before TIME_STATUS_NP. */
export const askAll = (session: Session, now: Instant<'mono'>): readonly Action[] => [
  ...EVERYTHING.map((name) => session.get(name, now)),
  session.set(SUBSCRIBE, now),
  session.get('TIME_STATUS_NP', now),
]

/** `isGiven`: not what this ptp4l refused before. */
export const askSlow = (
  session: Session,
  now: Instant<'mono'>,
  isGiven: (name: DataSetName) => boolean,
): readonly Action[] => SLOW.filter(isGiven).map((name) => session.get(name, now))
