/**
 * What this process costs and how late its event loop is, as read by `runtime/process.ts`. A late
 * loop delays corrections; it never falsifies a sample, because kernel and hardware take the stamps.
 */
export interface ProcessView {
  /** User and system time since the start. */
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly startUnixSeconds: number
  /** Of the event loop, over the last interval of the reader. */
  readonly loopLagMeanSeconds: number
  readonly loopLagMaxSeconds: number
  /** Share of time in which the loop was busy, since the start. */
  readonly loopUtilization: number
}
