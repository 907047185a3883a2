import t from 'tap'
import { nanos, ppb } from '../../agent/core/units.ts'
import { reportOf } from '../../agent/dns/report.ts'
import { toStatus } from '../../agent/observe/status-json.ts'
import { facts, silent as silentTarget } from '../dns/facts-fixture.ts'
import {
  chronySource,
  dnsTarget,
  fresh,
  healthy,
  ptpSource,
  snapshot,
  systemClock,
} from './fixture.ts'

t.test('the status is plain JSON: nothing is lost on the way', async (t) => {
  for (const each of [snapshot, fresh]) {
    const status = toStatus(each)
    t.same(JSON.parse(JSON.stringify(status)), status)
    t.equal(status.schema, 1)
  }
})

t.test('times are in seconds and the names say so', async (t) => {
  const [clock] = toStatus(snapshot).clocks
  t.match(clock, {
    name: 'system',
    offsetSeconds: 1.24e-8,
    errorBoundSeconds: 2.142e-7,
    frequencyPpb: -10_250.5,
    holdoverRemainingSeconds: null,
    taiOffsetSeconds: 37,
    kernel: { synchronized: true, maxErrorSeconds: 0.000215, estimatedErrorSeconds: 4e-8 },
  })
  t.equal(toStatus(snapshot).time, '2026-06-01T00:00:00.123456789Z')
  t.equal(toStatus(snapshot).monotonicSeconds, 3600)
})

t.test('what is not known is null, never absent', async (t) => {
  const status = toStatus(fresh)
  t.match(status.clocks[0], { offsetSeconds: null, errorBoundSeconds: null })
  t.match(status.sources[0], {
    sampleAgeSeconds: null,
    offsetSeconds: null,
    delaySeconds: null,
    rootDistanceSeconds: null,
    stratum: null,
    stamps: null,
  })
  const clock = { ...systemClock, kernel: undefined, frequency: ppb(Number.NaN), offset: nanos(0) }
  const { kernel, frequencyPpb } = toStatus({ ...fresh, clocks: [clock] }).clocks[0]!
  t.same([kernel, frequencyPpb], [null, null])
})

t.test('each kind of source has its detail', async (t) => {
  const details = toStatus(snapshot).sources.map(({ detail }) => detail)
  t.match(details[0], {
    kind: 'ptp4l',
    meanPathDelaySeconds: 3.5e-7,
    synchronized: true,
    utcOffsetSeconds: 37,
    ports: [{ number: 1, interface: 'eth0', state: 'SLAVE', stateSeconds: 3580 }],
  })
  t.same(details[1], { kind: 'phc', method: 'extended', utcOffsetSeconds: 37 })
  t.match(details[2], {
    ...{ kind: 'ntp', mode: 'interleaved', sent: 240 },
    stamped: {
      tx: { last: 'kernel', hardware: 40, kernel: 189, daemon: 2 },
      rx: { last: 'hardware', hardware: 200, kernel: 31, daemon: 0 },
    },
  })
  t.match(details.at(-1), { kind: chronySource.kind, frequencyPpb: -10_250, skewPpb: 12 })
})

t.test('a ptp4l that tells little has nulls', async (t) => {
  const detail = {
    ...ptpSource.detail,
    upstream: undefined,
    clockClass: undefined,
    ports: [
      {
        number: 1,
        interface: 'eth0',
        state: 'LISTENING',
        stamping: undefined,
        phcIndex: undefined,
        since: snapshot.mono,
      },
    ],
  } as typeof ptpSource.detail
  const source = { ...ptpSource, clock: undefined, detail }
  const [status] = toStatus({ ...healthy, sources: [source] }).sources
  t.equal(status?.clock, null)
  t.match(status?.detail, {
    synchronized: null,
    reason: '',
    utcOffsetValid: null,
    clockClass: null,
    ports: [{ stamping: null, phcIndex: null, stateSeconds: 0 }],
  })
})

t.test('the DNS report is told without holes', async (t) => {
  t.match(toStatus(snapshot).dns, { matrix: [], diagnoses: [] })
  const report = reportOf(facts({ targets: [silentTarget('10.0.0.1', ['config'])] }))
  const { dns } = toStatus({ ...snapshot, dns: { ...snapshot.dns, report } })
  t.match(dns.matrix, [{ target: '10.0.0.1', dot: { mark: 'unasked', p50Seconds: null } }])
  t.match(dns.diagnoses, [{ code: 'server-silent', severity: 'warning', explains: [] }])
  t.same(JSON.parse(JSON.stringify(dns)), dns)
})

t.test('a DNS target shows what happened, and its mean over the answers', async (t) => {
  const [udp, tcp] = toStatus(snapshot).dns.targets
  t.same(udp?.results, { noerror: 1180, timeout: 3 })
  t.equal(udp?.probes, 1183)
  t.equal(udp?.meanSeconds, 17.25 / 1183)
  t.equal(tcp?.lastSeconds, null)
  const unasked = { ...dnsTarget, buckets: [], lastResult: undefined }
  const [first] = toStatus({ ...snapshot, dns: { ...snapshot.dns, targets: [unasked] } }).dns
    .targets
  t.same([first?.meanSeconds, first?.lastResult], [null, null])
})

t.test('events carry how often they happened', async (t) => {
  t.same(
    toStatus(snapshot).events.map(({ repeats }) => repeats),
    [1, 1, 3],
  )
})
