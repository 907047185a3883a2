/**
 * The part of the configuration that makes the agent start a ptp4l itself: `run` of a ptp4l source. Either
 * one of the shipped profiles with its ports, or the PtpConfig resources of a file. What these keys ask of
 * each other is in ptp4l-run-checks.ts, what comes of them in ptp4l-children.ts.
 */
import * as v from 'valibot'
import { addressFamily } from '../dns/address.ts'
import { parseVersion } from './linuxptp-version.ts'
import type { PtpScheduling } from './ptp-config.ts'
import type { ProfileName } from './ptp-profiles.ts'
import { integer } from './schema-parts.ts'

/** As an operator writes them. */
export const RUN_PROFILES = {
  e2e: 'default',
  'g8275.1': 'G.8275.1',
  'g8275.2': 'G.8275.2',
  gptp: 'gPTP',
} as const satisfies Record<string, ProfileName>

export type RunProfile = keyof typeof RUN_PROFILES

/** Section to option to value, as text. */
type RunOptions = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface Ptp4lRunConfig {
  /** Exactly one of `profile` and `ptpConfig` is there. */
  readonly profile?: RunProfile | undefined
  readonly interfaces: readonly string[]
  readonly servers: readonly string[]
  readonly options: RunOptions
  /** File of PtpConfig resources, of which `node` and `labels` choose. */
  readonly ptpConfig?: string | undefined
  readonly node?: string | undefined
  readonly labels: readonly string[]
  readonly program: string
  /** Undefined: the program is asked. */
  readonly version?: string | undefined
  readonly scheduling: PtpScheduling | undefined
}

const words = (description: string, pattern: RegExp, expected: string) =>
  v.pipe(v.array(v.pipe(v.string(), v.regex(pattern, expected))), v.description(description))

/** A path, or a word that is looked for in PATH; never an option. */
const PROGRAM = /^(\/.*[^/]|[\w.+][\w.+-]*)$/

const option = v.pipe(
  v.union([v.string(), v.number()], () => 'expected text or a number'),
  v.transform(String),
  // another line would be another option
  v.check((value) => !/[\r\n]/.test(value), 'expected one line'),
)

export const runSchema = v.pipe(
  v.strictObject({
    profile: v.optional(
      v.pipe(
        v.picklist(['e2e', 'g8275.1', 'g8275.2', 'gptp']),
        v.description('A profile that is shipped: IEEE 1588 default E2E, ITU-T, 802.1AS.'),
      ),
    ),
    interfaces: v.optional(
      words('Ports; several make a boundary clock.', /^[^\s/[\]]{1,15}$/, 'expected an interface'),
      [],
    ),
    servers: v.optional(
      v.pipe(
        v.array(
          v.pipe(
            v.string(),
            v.check((value) => addressFamily(value) !== undefined, 'expected an IP address'),
          ),
        ),
        v.description('Unicast servers to ask (g8275.2).'),
      ),
      [],
    ),
    options: v.optional(
      v.pipe(
        v.record(v.string(), v.record(v.string(), option)),
        v.description('Further options of ptp4l: section (global, or a port) to option to value.'),
      ),
      {},
    ),
    ptpConfig: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^\//, 'expected an absolute path'),
        v.description(
          'File of PtpConfig resources (ptp.openshift.io/v1); each profile is a ptp4l.',
        ),
      ),
    ),
    node: v.optional(
      v.pipe(v.string(), v.description('Name for recommend; else NODE_NAME, else the host name.')),
    ),
    labels: v.optional(words('Labels of the node for recommend.', /^\S+$/, 'expected a label'), []),
    program: v.optional(
      v.pipe(
        v.string(),
        v.regex(PROGRAM, 'expected a path or the name of a program'),
        v.description('The ptp4l to start.'),
      ),
      'ptp4l',
    ),
    version: v.optional(
      v.pipe(
        v.string(),
        v.check((text) => parseVersion(text) !== undefined, 'expected a release such as "4.2"'),
        v.description('Its release; unless given the program is asked.'),
      ),
    ),
    scheduling: v.optional(
      v.pipe(
        v.strictObject({
          policy: v.pipe(
            v.picklist(['other', 'fifo']),
            v.description('SCHED_OTHER or SCHED_FIFO (CAP_SYS_NICE), set by chrt.'),
          ),
          priority: v.optional(integer(1, 65, 'Priority of SCHED_FIFO.')),
        }),
        v.description('Scheduler of the child.'),
        v.transform(
          ({ policy, priority }): PtpScheduling =>
            policy === 'fifo'
              ? { policy: 'SCHED_FIFO', priority }
              : { policy: 'SCHED_OTHER', priority: undefined },
        ),
      ),
    ),
  }),
  v.description('Start this ptp4l and keep it running. free_running unless its clock is followed.'),
  v.transform((run): Ptp4lRunConfig => ({ ...run, scheduling: run.scheduling })),
)
