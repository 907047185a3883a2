/**
 * Options of an NTP source that refine when its server is asked and which answers count. Meanings and
 * defaults are chronyd's where it has the same one; names are written as everywhere in this file
 * format (maxDelayRatio for maxdelayratio).
 */
import * as v from 'valibot'
import { flag, integer, number } from './schema-parts.ts'

export interface NtpOptions {
  /** A server outside the node's own networks may be asked more often than every 64 s on average. */
  readonly aggressive: boolean
  /** Up to 3 more requests where one gave no good sample. */
  readonly burst: boolean
  /** Poll exponent from which a warm-up precedes each request; undefined: never. */
  readonly presend?: number | undefined
  /** The server runs on this host: its reference and stratum are taken as they are. */
  readonly copy: boolean
  readonly minStratum: number
  /** Largest round trip as a multiple of the shortest one; 0: no limit. */
  readonly maxDelayRatio: number
  /** Largest excess of the round trip, halved, in standard deviations of the offset; 0: no limit. */
  readonly maxDelayDevRatio: number
  /** Samples that an estimate keeps at least and (0: no limit) at most. */
  readonly minSamples: number
  readonly maxSamples: number
  /** Polls for which a server that does not answer any more may stay selected. */
  readonly maxUnreach: number
  /** Polls that are combined into one sample. */
  readonly filter: number
  /** Id of a symmetric key in the key file; undefined: no authentication. */
  readonly key?: number | undefined
}

export const ntpOptionEntries = {
  aggressive: v.optional(
    flag(
      'Allow less than 64 s between requests to a server outside the own networks (loopback, private, ' +
        'link-local, directly connected). Ask its operator first.',
    ),
    false,
  ),
  burst: v.optional(
    flag('Up to 3 more requests where one gave no good sample; the mean interval stays.'),
    false,
  ),
  presend: v.optional(
    integer(
      -7,
      24,
      'From this poll (log2 of seconds) on, a request 2 s ahead warms the path. Without: never.',
    ),
  ),
  copy: v.optional(
    flag('A server on this host: take over its reference and stratum, no loop test.'),
    false,
  ),
  minStratum: v.optional(integer(0, 15, 'Raise the stratum of the server to this.'), 0),
  maxDelayRatio: v.optional(
    number(0, 1000, 'Largest round trip, as a multiple of the shortest. 0: no limit.'),
    0,
  ),
  maxDelayDevRatio: v.optional(
    number(
      0,
      1000,
      'Largest excess of the round trip, halved, in standard deviations of the offset. 0: no limit.',
    ),
    10,
  ),
  minSamples: v.optional(integer(4, 64, 'Samples that an estimate keeps at least.'), 6),
  maxSamples: v.optional(integer(0, 64, 'Samples that it keeps at most. 0: as many as fit.'), 0),
  maxUnreach: v.optional(
    integer(0, 100_000, 'Polls for which a server that fell silent may stay selected.'),
    8, // the reach register
  ),
  filter: v.optional(integer(1, 16, 'Combine so many polls into one sample. 1: none.'), 1),
  key: v.optional(
    integer(1, 2 ** 32 - 1, 'Id of the symmetric key in keyFile. Without: no authentication.'),
  ),
}
