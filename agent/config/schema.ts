/**
 * The configuration file: every key, its meaning, range and default, in one place. The types that the
 * agent works with (types.ts) are what comes out; the JSON Schema for editors is made from what goes
 * in (config/schema.json).
 *
 * Maps are strict: a key that is not here is a fault, never ignored. What needs two keys at once is
 * checked in checks.ts. Defaults of NTP are chronyd's (minpoll 6, maxpoll 10, maxdelay 3 s, four
 * sources of a pool), except that the first answers come in a burst. Its finer options are in
 * ntp-options.ts.
 */
import * as v from 'valibot'
import { LEAP_LIST } from '../clock/leap-list.ts'
import { addressFamily } from '../dns/address.ts'
import { dnsSchema } from './dns-schema.ts'
import { ntpOptionEntries } from './ntp-options.ts'
import { clockOutputEntries, ppsSchema } from './pps-schema.ts'
import { PROFILES } from './ptp-profiles.ts'
import { RUN_PROFILES, runSchema } from './ptp4l-run.ts'
import {
  absolute,
  address,
  CLOCK_KEY,
  CLOCK_KEY_EXPECTED,
  duration,
  flag,
  integer,
  number,
} from './schema-parts.ts'
import {
  type ChronySourceConfig,
  type ClockConfig,
  type Config,
  LEAP_MODES,
  type NtpSourceConfig,
  type Ptp4lSourceConfig,
  type SourceConfig,
} from './types.ts'

const port = (description = 'UDP port') => integer(1, 65_535, description)

/** An address or a name of host name form (RFC 1123 section 2.1, with the underscore seen in the wild). */
const HOST = /^(?=.{1,253}$)[a-z\d_]([a-z\d_-]{0,62})(\.[a-z\d_][a-z\d_-]{0,62})*\.?$/i
const host = (description: string) =>
  v.pipe(
    v.string(),
    v.check(
      (value) =>
        addressFamily(value) !== undefined || (HOST.test(value) && !/^[\d.]+$/.test(value)),
      'expected a host name or an IP address',
    ),
    v.description(description),
  )

const stepSchema = v.strictObject({
  boot: v.optional(
    duration(0, 1e6, 'Before the first lock: step when the offset is beyond this. 0: never step.'),
    '10ms',
  ),
  foreign: v.optional(
    duration(
      0,
      1e6,
      'After somebody else stepped the clock, or a suspend: the same. 0: never step.',
    ),
    '128ms', // STEPT of RFC 5905
  ),
  panic: v.optional(
    duration(0, 1e9, 'After the first lock: freeze beyond this offset. 0: no limit.'),
    '1000s', // PANICT of RFC 5905
  ),
})

const holdoverSchema = v.pipe(
  v.strictObject({
    time: v.optional(duration(0, 1e8, 'Free running after this long without a reference.'), '24h'),
    bound: v.optional(duration(1e-9, 1e3, 'Free running beyond this error bound.'), '500ms'),
  }),
  v.description('Limits of holdover.'),
  v.transform(({ time, bound }) => ({ seconds: time, bound })),
)

const reference = v.pipe(v.string(), v.regex(CLOCK_KEY, CLOCK_KEY_EXPECTED))

export const clockSchema = v.pipe(
  v.strictObject({
    mode: v.optional(
      v.pipe(
        v.picklist(['observe', 'follow', 'drive', 'auto']),
        v.description(
          'observe: measure only. follow: something else steers it. drive: we steer it. auto (PHCs): we steer it while no ptp4l does.',
        ),
      ),
      'observe',
    ),
    reference: v.optional(
      v.pipe(
        v.union([reference, v.pipe(v.array(reference), v.minLength(1, 'expected a clock'))]),
        v.description(
          'Clocks of this node that may steer it: system, or PHCs, which are then taken for right where no ptp4l tells otherwise. Without this key: whatever a ptp4l vouches for.',
        ),
        v.transform((given) => (typeof given === 'string' ? [given] : given)),
      ),
    ),
    servo: v.optional(
      v.pipe(
        v.picklist(['kalman', 'pi']),
        v.description("Control law: an estimate of offset and frequency, or linuxptp's loop."),
      ),
      'kalman',
    ),
    maxSlewPpm: v.optional(
      number(0.001, 100_000, 'Largest frequency used to remove an offset, ppm.'),
      500, // the limit of adjtimex(2) without changing the tick
    ),
    step: v.optional(v.pipe(stepSchema, v.description('When to step.')), {}),
    lockThreshold: v.optional(
      duration(1e-9, 10, 'Within this offset the clock counts as locked.'),
      '1ms',
    ),
    rate: v.optional(number(0.001, 128, 'Readings of a PHC per second, Hz.'), 1),
    holdover: v.optional(holdoverSchema, {}),
    ...clockOutputEntries,
  }),
  v.transform((clock): ClockConfig => clock),
)

export const ntpSchema = v.pipe(
  v.strictObject({
    server: v.optional(host('One server: host name or address.')),
    pool: v.optional(host('A name with many addresses, of which several are used.')),
    maxSources: v.optional(integer(1, 16, 'Servers taken from a pool.'), 4),
    port: v.optional(port(), 123),
    minpoll: v.optional(
      integer(-7, 24, 'Poll interval while the server answers, log2 of seconds.'),
      6,
    ),
    maxpoll: v.optional(
      integer(-7, 24, 'Poll interval towards a lost server at most, log2 of seconds.'),
      10,
    ),
    iburst: v.optional(flag('The first requests in quick succession.'), true),
    xleave: v.optional(flag('Interleaved mode: better stamps from servers that know it.'), false),
    noselect: v.optional(flag('Measure, but never select.'), false),
    prefer: v.optional(flag('Select before others that are as true.'), false),
    trust: v.optional(flag('Never a falseticker against sources without this flag.'), false),
    require: v.optional(flag('Without a source of this flag nothing is selected.'), false),
    maxDelay: v.optional(duration(1e-6, 1000, 'Largest accepted round trip.'), '3s'),
    offset: v.optional(duration(-1e3, 1e3, 'Added to each offset: a known asymmetry.'), 0),
    ...ntpOptionEntries,
  }),
  v.description('An NTP server, or a pool of them.'),
  v.metadata({ oneOf: [{ required: ['server'] }, { required: ['pool'] }] }),
  v.transform(
    ({ server, pool, ...rest }): NtpSourceConfig => ({
      ...rest,
      type: 'ntp',
      name: server ?? pool ?? '',
      pool: server === undefined,
    }),
  ),
)

export const ptp4lSchema = v.pipe(
  v.strictObject({
    socket: v.optional(
      absolute(
        'Management socket (uds_address of ptp4l.conf): /var/run/ptp4l, or one in the state directory with run.',
      ),
    ),
    domain: v.optional(
      integer(
        0,
        255,
        "PTP domain of that ptp4l (domainNumber): 0, or the profile's first with run.",
      ),
    ),
    poll: v.optional(
      duration(0.01, 3600, 'Between polls where subscription is not to be had.'),
      '1s',
    ),
    freeRunning: v.optional(flag('That ptp4l measures only (free_running 1).'), false),
    grandmaster: v.optional(
      v.pipe(
        reference,
        v.description(
          'It serves the time of this clock of ours to others (T-GM): it is told clock class, accuracy and traceability as the clock goes from locked to holdover and beyond.',
        ),
      ),
    ),
    run: v.optional(runSchema),
  }),
  v.description('A ptp4l of linuxptp on this node.'),
  v.transform(({ socket, domain, run, ...rest }): Ptp4lSourceConfig => {
    if (run === undefined) {
      return { ...rest, type: 'ptp4l', socket: socket ?? '/var/run/ptp4l', domain: domain ?? 0 }
    }
    const first = run.profile && PROFILES[RUN_PROFILES[run.profile]].domains.first
    return { ...rest, type: 'ptp4l', socket: socket ?? '', domain: domain ?? first ?? 0, run }
  }),
)

export const chronySchema = v.pipe(
  v.strictObject({
    address: v.optional(address('Where chronyd answers commands.'), '127.0.0.1'),
    port: v.optional(port('Command port of chronyd.'), 323),
    poll: v.optional(duration(0.1, 3600, 'Between questions.'), '10s'),
  }),
  v.description('A chronyd that is watched.'),
  v.transform((source): ChronySourceConfig => ({ ...source, type: 'chrony' })),
)

export const sourceSchema = v.pipe(
  v.strictObject({
    ntp: v.optional(ntpSchema),
    ptp4l: v.optional(ptp4lSchema),
    pps: v.optional(ppsSchema),
    chrony: v.optional(chronySchema),
  }),
  v.metadata({ minProperties: 1, maxProperties: 1 }),
  v.transform(({ ntp, ptp4l, pps, chrony }): SourceConfig[] =>
    [ntp, ptp4l, pps, chrony].filter((source) => source !== undefined),
  ),
)

export const configSchema = v.pipe(
  v.strictObject({
    clocks: v.optional(
      v.pipe(
        v.record(v.pipe(v.string(), v.regex(CLOCK_KEY, CLOCK_KEY_EXPECTED)), clockSchema),
        v.description('system, phc:INTERFACE, phc:/dev/ptpN or phc:PCI-ADDRESS'),
      ),
      {},
    ),
    sources: v.optional(
      v.pipe(
        v.array(sourceSchema),
        v.description('References, one per item. Without this key: what the node has is measured.'),
      ),
    ),
    dns: v.optional(dnsSchema, {}),
    listen: v.optional(
      v.pipe(v.string(), v.description('ADDRESS:PORT of the HTTP endpoint; empty: none.')),
      '127.0.0.1:9975',
    ),
    socket: v.optional(
      v.pipe(v.string(), v.description('Unix socket of the same API, for the CLI; empty: none.')),
      '/run/timewarden/timewarden.sock',
    ),
    leapSeconds: v.optional(
      v.pipe(
        v.strictObject({
          mode: v.optional(
            v.pipe(
              v.picklist(LEAP_MODES),
              v.description(
                'Who applies a leap second: the kernel (system), the agent by a step (step) or slowly afterwards (slew), or nobody (ignore).',
              ),
            ),
            'system',
          ),
          list: v.optional(
            v.pipe(
              v.string(),
              v.description('leap-seconds.list of IERS, read daily; empty: the one inside.'),
            ),
            LEAP_LIST,
          ),
        }),
        v.description('Leap seconds and TAI - UTC.'),
      ),
      {},
    ),
    keyFile: v.optional(
      absolute('Symmetric keys, as chrony.keys or ntp.keys: those that sources name by `key`.'),
    ),
    stateDirectory: v.optional(absolute('Drift files live here.'), '/var/lib/timewarden'),
    hardwareTimestamps: v.optional(
      v.pipe(
        v.picklist(['off', 'auto', 'configure']),
        v.description(
          'Hardware stamps of NTP packets: where a NIC stamps all packets (auto), also setting up one that stamps none (configure), or never.',
        ),
      ),
      'auto',
    ),
    logLevel: v.optional(
      v.pipe(
        v.picklist(['error', 'warn', 'info', 'debug']),
        v.description('Least severity logged.'),
      ),
      'info',
    ),
  }),
  v.transform(
    ({ sources, ...rest }): Config => ({
      ...rest,
      sources: (sources ?? []).flat(),
      discover: sources === undefined,
      explicit: true,
    }),
  ),
)
