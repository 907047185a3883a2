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
  /** Samples that an estimate keeps at least and (0: no limit) at most. */
  readonly minSamples?: number
  readonly maxSamples?: number
  /** Polls for which a source that fell silent may stay selected. */
  readonly maxUnreach?: number
}
