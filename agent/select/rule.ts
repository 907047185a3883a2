/** What configuration and kind say of a source before anything was measured. */
export interface SourceRule {
  readonly source: string
  /** 0 is best. A better rank steers as long as it is true: PHC and ptp4l 0, NTP 1, chronyd 2. */
  readonly rank: number
  /** Measured and shown, never used. */
  readonly noselect: boolean
  readonly prefer: boolean
  readonly trust: boolean
  readonly require: boolean
}
