/**
 * Every source carries one verdict, and every refusal has a name. The list is ordered from worst to
 * selected; the same list is the metric `timewarden_source_verdict`, the log field, the page and the
 * test table. Steps of the selection: RFC 5905 section 11.2, with the additions named here.
 */
export const VERDICTS = {
  'no-sample': 'nothing measured yet',
  unreachable: 'none of the last eight polls was answered',
  stale: 'the last sample is too old to say anything',
  unsynchronised: 'the reference says that it is not synchronised itself',
  distance: 'the error bound of the reference is over the limit',
  noselect: 'excluded by configuration, or a kind that never steers',
  smeared: 'it spreads a leap second over hours, unlike the majority',
  falseticker: 'its interval lies outside the interval of the majority',
  'no-majority': 'the sources do not agree and none is trusted over the others',
  outlier: 'true, but too far or too noisy to be combined',
  standby: 'true, but a reference of a better rank steers',
  combined: 'its offset is averaged into the result',
  selected: 'the reference',
} as const

export type Verdict = keyof typeof VERDICTS

export const VERDICT_ORDER = Object.keys(VERDICTS) as readonly Verdict[]
/** Of use for the clock: averaged in or selected. */
export const isUsed = (verdict: Verdict): boolean =>
  verdict === 'combined' || verdict === 'selected'
