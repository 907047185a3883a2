/** What is shown of a child. */
import type { ChildExit } from '../core/machine.ts'
import type { Instant } from '../core/units.ts'

/**
 * `starting`: being looked after and started; `up`: it runs; `back-off`: waits for its next start;
 * `foreign`: another program answers on its socket; `stopped`: the agent ends.
 */
export type ChildState = 'starting' | 'up' | 'back-off' | 'foreign' | 'stopped'

export interface ChildView {
  /** `ptp4l.0` */
  readonly name: string
  readonly command: readonly string[]
  readonly socket: string
  readonly state: ChildState
  readonly pid: number | undefined
  /** In this state since. */
  readonly since: Instant<'mono'>
  /** Starts after the first one. */
  readonly restarts: number
  /** How it last ended; undefined: never yet. */
  readonly lastExit: ChildExit | undefined
  /** One phrase on what is wrong; empty while it runs. */
  readonly trouble: string
  /** Present length of the wait before the next start, s; 0 while it runs. */
  readonly backOffSeconds: number
}
