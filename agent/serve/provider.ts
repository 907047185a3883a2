/** What the routes are shown. `snapshot` gives the last one; it is made at most once per second. */
import type { ProcessView } from '../observe/process-view.ts'
import type { Snapshot } from '../observe/snapshot.ts'

export interface SnapshotProvider {
  snapshot(): Snapshot
  process(): ProcessView | undefined
  /** Seconds since the agent handled its last event. */
  heartbeatAge(): number
}
