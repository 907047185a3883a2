/** The one list of servos: a name of the configuration and how it is made for an edge. */
import type { ServoName } from '../config/types.ts'
import { type Ppb, ppb } from '../core/units.ts'
import { KalmanServo } from './kalman.ts'
import { PI_GAINS, PiServo } from './pi.ts'
import type { Servo } from './servo.ts'

/** What measures the edge: a PHC read locally, a PTP port, or servers across a network. */
export type EdgeKind = keyof typeof PI_GAINS

export interface ServoRequest {
  readonly edge: EdgeKind
  /** Seconds between samples. */
  readonly interval: number
  /** Dialled at present. */
  readonly frequency: Ppb
  /** `frequency` was learnt and holds: take over without an estimate. */
  readonly locked: boolean
  readonly maxFrequency: Ppb
}

/**
 * An offset of milliseconds that is being slewed away is mostly phase: across a network, where it may
 * take minutes, little of it may be learnt as frequency, or the clock overshoots by as much.
 */
const LEARN_BY_NETWORK = ppb(2000)

const SERVOS: Readonly<Record<ServoName, (request: ServoRequest) => Servo>> = {
  kalman: (request) => new KalmanServo(request),
  pi: ({ edge, ...rest }) =>
    new PiServo({
      ...{ ...rest, gains: PI_GAINS[edge] },
      ...(edge === 'software' && { maxLearn: LEARN_BY_NETWORK }),
    }),
}

export const createServo = (name: ServoName, request: ServoRequest): Servo => SERVOS[name](request)
