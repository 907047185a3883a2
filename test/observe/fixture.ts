/** One node in full: what metrics, status, health and the page are shown with in tests. */
import { mono, nanos, ppb, utc } from '../../agent/core/units.ts'
import { DNS_BUCKETS, DNS_RESULTS, type DnsTargetView } from '../../agent/dns/view.ts'
import type { ProcessView } from '../../agent/observe/process-view.ts'
import type { ClockView, Snapshot, SourceReport } from '../../agent/observe/snapshot.ts'
import type { ChildView } from '../../agent/supervise/view.ts'
import { PTP_CLOCK_SETS, PTP_PORT_SETS, PTP_TRAFFIC } from './ptp-fixture.ts'

const SECOND = 1_000_000_000n
export const AT = utc(1_780_272_000_123_456_789n)
export const MONO = mono(3600n * SECOND)

export const systemClock: ClockView = {
  name: 'system',
  mode: 'drive',
  steered: true,
  state: 'locked',
  stateSeconds: 3550,
  reason: 'follows phc:eth0',
  offset: nanos(12.4),
  offsetSource: 'phc:eth0',
  frequency: ppb(-10_250.5),
  bound: nanos(214.2),
  boundGrowth: ppb(15),
  holdoverLeftSeconds: undefined,
  leap: 'none',
  taiOffset: 37,
  steps: { boot: 1, foreign: 0 },
  adjustable: true,
  notAdjustable: '',
  kernel: { synchronized: true, maxError: nanos(215_000), estimatedError: nanos(40) },
}

export const phcClock: ClockView = {
  name: 'phc:eth0',
  mode: 'follow',
  steered: false,
  state: 'locked',
  stateSeconds: 3580,
  reason: 'steered by ptp4l',
  offset: nanos(-3),
  offsetSource: 'ptp4l:/var/run/ptp4l',
  frequency: ppb(4200.25),
  bound: nanos(120),
  boundGrowth: ppb(15),
  holdoverLeftSeconds: undefined,
  leap: 'none',
  taiOffset: undefined,
  steps: {},
  adjustable: false,
  notAdjustable: 'not in drive mode',
  kernel: undefined,
}

export const ptpSource: SourceReport = {
  id: 'ptp4l:/var/run/ptp4l',
  kind: 'ptp4l',
  clock: 'phc:eth0',
  address: '/var/run/ptp4l',
  reach: 0xff,
  pollSeconds: 1,
  lastSampleAt: mono(MONO - SECOND / 2n),
  offset: nanos(-3),
  delay: nanos(350),
  rootDistance: nanos(100),
  stratum: 0,
  reference: '001122.fffe.334455',
  stamps: 'hardware',
  trouble: '',
  detail: {
    kind: 'ptp4l',
    domain: 24,
    subscribed: true,
    grandmaster: '001122.fffe.334455',
    clockClass: 6,
    clockAccuracy: 0x21,
    stepsRemoved: 1,
    meanPathDelay: nanos(350),
    upstream: {
      clock: 'phc:eth0',
      synchronized: true,
      steers: true,
      reason: '',
      utcOffset: 37,
      utcOffsetValid: true,
      timeTraceable: true,
      leap: 'none',
      offset: nanos(-3),
      at: mono(MONO - SECOND / 2n),
      rootDispersion: nanos(120),
      rootDelay: nanos(350),
      reference: '001122.fffe.334455',
    },
    ports: [
      {
        number: 1,
        interface: 'eth0',
        state: 'SLAVE',
        stamping: 'hardware',
        phcIndex: 0,
        since: mono(20n * SECOND),
        entered: true,
        faulted: 1,
        traffic: PTP_TRAFFIC,
        dataSets: PTP_PORT_SETS,
      },
    ],
    restarts: 1,
    dataSets: PTP_CLOCK_SETS,
    refusedDataSets: { EXTERNAL_GRANDMASTER_PROPERTIES_NP: 'NO_SUCH_ID' },
  },
  verdict: 'selected',
  why: 'the only reference of this clock',
  ageSeconds: 0.5,
}

export const phcSource: SourceReport = {
  id: 'phc:eth0',
  kind: 'phc',
  clock: 'system',
  address: '/dev/ptp0',
  reach: 0xff,
  pollSeconds: 1,
  lastSampleAt: mono(MONO - SECOND / 4n),
  offset: nanos(12.4),
  delay: nanos(620),
  rootDistance: nanos(200),
  stratum: 0,
  reference: '001122.fffe.334455',
  stamps: 'kernel',
  trouble: '',
  detail: { kind: 'phc', method: 'extended', utcOffset: 37, upstream: undefined },
  verdict: 'selected',
  why: 'best rank and within the majority',
  ageSeconds: 0.25,
}

export const ntpSource: SourceReport = {
  id: 'ntp:10.99.0.1',
  kind: 'ntp',
  clock: 'system',
  address: '10.99.0.1:123',
  reach: 0b11110111,
  pollSeconds: 16,
  lastSampleAt: mono(MONO - 9n * SECOND),
  offset: nanos(31_000),
  delay: nanos(182_000),
  rootDistance: nanos(410_000),
  stratum: 2,
  reference: '192.0.2.7',
  stamps: 'kernel',
  trouble: '',
  detail: {
    kind: 'ntp',
    mode: 'interleaved',
    leap: 'none',
    sent: 240,
    received: 231,
    good: 228,
    stamped: {
      tx: { last: 'kernel', counts: { hardware: 40, kernel: 189, daemon: 2 } },
      rx: { last: 'hardware', counts: { hardware: 200, kernel: 31, daemon: 0 } },
    },
    refused: { timeout: 9, 'delay-deviation': 3 },
    options: { minpoll: 4, maxpoll: 6, iburst: true, burst: false, filter: 1, maxSamples: 0 },
  },
  verdict: 'standby',
  why: 'a PHC of better rank steers',
  ageSeconds: 9,
}

export const liar: SourceReport = {
  ...ntpSource,
  id: 'ntp:10.99.0.4',
  address: '10.99.0.4:123',
  offset: nanos(250_000_000),
  reach: 0xff,
  verdict: 'falseticker',
  why: '250 ms off the majority of 4',
  ageSeconds: 3,
}

export const silent: SourceReport = {
  ...ntpSource,
  id: 'ntp:10.99.0.5',
  address: '10.99.0.5:123',
  reach: 0,
  lastSampleAt: undefined,
  offset: undefined,
  delay: undefined,
  rootDistance: undefined,
  stratum: undefined,
  reference: '',
  stamps: undefined,
  trouble: 'no answer in time',
  verdict: 'unreachable',
  why: 'none of the last eight polls was answered',
  ageSeconds: undefined,
}

export const chronySource: SourceReport = {
  ...ntpSource,
  id: 'chrony:127.0.0.1',
  kind: 'chrony',
  address: '127.0.0.1:323',
  detail: { kind: 'chrony', frequency: ppb(-10_250), skew: ppb(12), leap: 'none' },
  verdict: 'noselect',
  why: 'steers the clock that it measures',
}

const noResults = Object.fromEntries(
  DNS_RESULTS.map((result) => [result, 0]),
) as DnsTargetView['results']

export const dnsTarget: DnsTargetView = {
  target: '10.128.0.10',
  transport: 'udp',
  origin: 'resolv.conf',
  results: { ...noResults, noerror: 1180, timeout: 3 },
  buckets: [0, 600, 500, 70, 10, ...Array(DNS_BUCKETS.length - 5).fill(0), 3],
  durationSum: 17.25,
  lastResult: 'noerror',
  lastName: 'kubernetes.default.svc.cluster.local',
  lastSeconds: 0.0011,
  lastAgeSeconds: 2.5,
  failures: 0,
}

export const failingDns: DnsTargetView = {
  ...dnsTarget,
  transport: 'tcp',
  results: { ...noResults, noerror: 20, conn_refused: 12 },
  buckets: [0, 20, ...Array(DNS_BUCKETS.length - 1).fill(0)],
  durationSum: 0.02,
  lastResult: 'conn_refused',
  lastSeconds: undefined,
  failures: 12,
}

/** All is well but for one liar, one silent server and a resolver without TCP. */
export const snapshot: Snapshot = {
  version: '0.1.0',
  hostname: 'node-7',
  at: AT,
  mono: MONO,
  uptimeSeconds: 3590,
  explicitConfig: true,
  clocks: [systemClock, phcClock],
  sources: [ptpSource, phcSource, ntpSource, liar, silent, chronySource],
  dns: {
    enabled: true,
    targets: [dnsTarget, failingDns],
    nameservers: ['10.128.0.10'],
    search: ['svc.cluster.local', 'cluster.local'],
    ndots: 5,
  },
  children: [],
  leapSeconds: {
    ...{ mode: 'system', origin: 'bundled', expired: false, verified: true, next: undefined },
    updated: utc(1_783_323_897n * SECOND),
    expires: utc(1_814_140_800n * SECOND),
  },
  notes: [
    { subject: 'ntp:10.99.0.5', code: 'timeout', count: 14 },
    { subject: 'system', code: 'step', count: 1 },
  ],
  events: [
    {
      at: utc(AT - 3580n * SECOND),
      severity: 'warning',
      subject: 'system',
      code: 'step',
      detail: 'by -1.25 s at start',
    },
    {
      at: utc(AT - 3550n * SECOND),
      severity: 'info',
      subject: 'system',
      code: 'state',
      detail: 'acquiring to locked',
    },
    {
      at: utc(AT - 700n * SECOND),
      severity: 'warning',
      subject: 'dns:10.128.0.10',
      code: 'dns-failing',
      detail: 'tcp: conn_refused',
      repeats: 3,
    },
  ],
}

/** The same node without a single thing wrong. */
export const healthy: Snapshot = {
  ...snapshot,
  sources: [ptpSource, phcSource, ntpSource],
  dns: { ...snapshot.dns, targets: [dnsTarget] },
}

/** Just started: nothing measured. */
export const fresh: Snapshot = {
  ...snapshot,
  uptimeSeconds: 2,
  clocks: [
    {
      ...systemClock,
      state: 'acquiring',
      stateSeconds: 2,
      reason: 'waits for the first measurements',
      offset: undefined,
      offsetSource: '',
      bound: undefined,
      kernel: { ...systemClock.kernel!, synchronized: false },
    },
  ],
  sources: [{ ...silent, verdict: 'no-sample', why: 'nothing measured yet', trouble: '' }],
  dns: { enabled: false, targets: [], nameservers: [], search: [], ndots: 1 },
  notes: [],
  events: [],
}

export const processView: ProcessView = {
  cpuSeconds: 21.5,
  residentBytes: 71_303_168,
  startUnixSeconds: 1_780_268_410.25,
  loopLagMeanSeconds: 0.0004,
  loopLagMaxSeconds: 0.0121,
  loopUtilization: 0.0062,
}

/** A ptp4l of ours that stops at its configuration. */
export const deadChild: ChildView = {
  name: 'ptp4l.0',
  command: ['ptp4l', '-f', '/state/ptp4l.0.config', '-m'],
  socket: '/state/ptp4l.0.socket',
  state: 'back-off',
  pid: undefined,
  since: mono(MONO - 5n * SECOND),
  restarts: 4,
  lastExit: { code: 255, signal: '', last: ['failed to create a clock'] },
  trouble: 'exit code 255: failed to create a clock',
  backOffSeconds: 16,
}
