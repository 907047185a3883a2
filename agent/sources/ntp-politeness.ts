/**
 * How a server may be asked, by where it is: one of the node's own networks as often as is configured,
 * any other one every 64 s on average (RFC 8633 section 3; the rule of the NTP pool), unless the operator
 * says that he may (`aggressive`).
 */
import type { NtpSourceConfig } from '../config/types.ts'
import { isOwnNetwork } from './ntp-networks.ts'
import type { PollRange } from './ntp-poll.ts'
import type { OptionValues } from './source.ts'

export interface Manners {
  readonly range: PollRange
  /** Requests at the start count into the mean interval. */
  readonly polite: boolean
  /** What was changed of the configured range, for people; empty: nothing. */
  readonly lifted: string
}

const POLITE_MINPOLL = 6

/** `address`: undefined while it is not known. `connected`: as in `isOwnNetwork`. */
export function mannersTowards(
  address: string | undefined,
  config: NtpSourceConfig,
  connected: readonly string[],
): Manners {
  const { minpoll, maxpoll, aggressive } = config
  const own = address === undefined || isOwnNetwork(address, connected)
  const polite = !own && !aggressive
  if (!polite || minpoll >= POLITE_MINPOLL) return { range: config, polite, lifted: '' }
  const range = { ...config, minpoll: POLITE_MINPOLL, maxpoll: Math.max(maxpoll, POLITE_MINPOLL) }
  const lifted = `minpoll ${minpoll} to ${POLITE_MINPOLL}: ${address} is not of this node's networks`
  return { range, polite, lifted }
}

/** By name, so that nothing is ever shown that was not meant to be (a key). */
const SHOWN = [
  ...([
    'minpoll',
    'maxpoll',
    'iburst',
    'burst',
    'presend',
    'xleave',
    'port',
    'aggressive',
  ] as const),
  ...(['maxDelay', 'maxDelayRatio', 'maxDelayDevRatio', 'copy', 'offset', 'minStratum'] as const),
  ...(['filter', 'minSamples', 'maxSamples', 'maxUnreach'] as const),
  ...(['noselect', 'prefer', 'trust', 'require'] as const),
] satisfies readonly (keyof NtpSourceConfig)[]

/** The options of a source as they work at present: the range is that of the server at hand. */
export function optionsInForce(config: NtpSourceConfig, { range }: Manners): OptionValues {
  const { minpoll, maxpoll } = range
  const options = { ...config, minpoll, maxpoll }
  return Object.fromEntries(SHOWN.map((key) => [key, options[key]]))
}
