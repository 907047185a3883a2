import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DIAGNOSIS_CODES } from '../../agent/dns/diagnoses.ts'
import { reportOf } from '../../agent/dns/report.ts'
import { METRICS } from '../../agent/observe/catalogue.ts'
import { CONTENT_TYPE, renderMetrics } from '../../agent/observe/metrics.ts'
import { VERDICT_ORDER } from '../../agent/select/verdict.ts'
import { facts, silent as silentTarget } from '../dns/facts-fixture.ts'
import { dnsTarget, fresh, ntpSource, processView, snapshot } from './fixture.ts'

const GOLDEN = join(import.meta.dirname, '../fixtures/scrape.golden.txt')
const view = { snapshot, process: processView }

/** `TAP_SNAPSHOT=1` writes the golden text anew, as for tap's own snapshots. */
t.test('the whole scrape is as recorded', async (t) => {
  const text = await renderMetrics(view)
  if (process.env['TAP_SNAPSHOT'] === '1') writeFileSync(GOLDEN, text)
  t.equal(text, readFileSync(GOLDEN, 'utf8'))
  t.match(CONTENT_TYPE, /^text\/plain; version=0\.0\.4/)
})

t.test('a name ends in its unit, and counters in total', async (t) => {
  for (const { name, type, unit, help } of METRICS) {
    const bare = type === 'counter' ? name.replace(/_total$/, '') : name
    t.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`)
    if (unit !== '') t.ok(bare.endsWith(`_${unit}`), `${name} ends in ${unit}`)
    t.match(name, /^(timewarden|process)_[a-z_]+$/)
    t.ok(help.endsWith('.'), `${name} is explained in a sentence`)
  }
  t.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length, 'no name twice')
})

t.test('a series disappears with its source', async (t) => {
  const before = await renderMetrics(view)
  t.match(before, /source="ntp:10\.99\.0\.1"/)
  const sources = snapshot.sources.filter((source) => source !== ntpSource)
  const after = await renderMetrics({ ...view, snapshot: { ...snapshot, sources } })
  t.notMatch(after, /source="ntp:10\.99\.0\.1"/)
})

t.test('what is not known has no series', async (t) => {
  const text = await renderMetrics({ snapshot: fresh, process: undefined })
  t.notMatch(text, /^timewarden_clock_offset_seconds/m)
  t.notMatch(text, /^timewarden_clock_error_bound_seconds/m)
  t.notMatch(text, /^timewarden_source_offset_seconds/m)
  t.notMatch(text, /timewarden_dns_/)
  t.notMatch(text, /process_/)
  t.notMatch(text, /NaN/)
})

t.test(
  'a clock whose reference has no name and a PHC without a method are told as such',
  async (t) => {
    const sources = snapshot.sources.map((source) => ({
      ...source,
      clock: undefined,
      detail:
        source.detail.kind === 'phc'
          ? { ...source.detail, method: '' }
          : source.detail.kind === 'ptp4l'
            ? { ...source.detail, grandmaster: '', upstream: undefined }
            : source.detail,
    }))
    const text = await renderMetrics({ ...view, snapshot: { ...snapshot, sources } })
    t.match(text, /source_info\{source="phc:eth0",kind="phc",clock="",address="\/dev\/ptp0"\} 1/)
    t.notMatch(text, /timewarden_phc_method_info/)
    t.notMatch(text, /timewarden_ptp_grandmaster_info/)
    t.notMatch(text, /timewarden_ptp_synchronized/)
  },
)

t.test('each source has every verdict, exactly one of them 1', async (t) => {
  const lines = (await renderMetrics(view))
    .split('\n')
    .filter((line) => line.startsWith('timewarden_source_verdict{source="ntp:10.99.0.4"'))
  t.equal(lines.length, VERDICT_ORDER.length)
  t.same(
    lines.filter((line) => line.endsWith(' 1')),
    ['timewarden_source_verdict{source="ntp:10.99.0.4",verdict="falseticker"} 1'],
  )
})

t.test('every diagnosis is a series from the start, and 1 where it is found', async (t) => {
  const before = await renderMetrics(view)
  for (const code of DIAGNOSIS_CODES) {
    t.match(before, `timewarden_dns_diagnosis{code="${code}"} 0\n`)
  }
  const report = reportOf(facts({ targets: [silentTarget('10.0.0.1', ['config'])] }))
  const dns = { ...snapshot.dns, report }
  const after = await renderMetrics({ ...view, snapshot: { ...snapshot, dns } })
  t.match(after, 'timewarden_dns_diagnosis{code="server-silent"} 1\n')
  t.match(after, 'timewarden_dns_diagnosis{code="slow"} 0\n')
})

t.test('the DNS histogram is cumulative and ends with all probes', async (t) => {
  const lines = (await renderMetrics(view))
    .split('\n')
    .filter((line) => /dns_probe_duration_seconds_(bucket|count).*transport="udp"/.test(line))
    .map((line) => Number(line.split(' ').at(-1)))
  t.same(
    [...lines].sort((a, b) => a - b),
    lines,
  )
  t.equal(lines.at(-1), 1183)
  t.equal(lines.at(-2), 1183, '+Inf is the count')
})

t.test('a view with too few buckets still is a whole histogram', async (t) => {
  const dns = { ...snapshot.dns, targets: [{ ...dnsTarget, buckets: [2] }] }
  const text = await renderMetrics({ ...view, snapshot: { ...snapshot, dns } })
  t.match(text, /duration_seconds_bucket\{[^}]*le="\+Inf"\} 2/)
})

t.test('the same series twice does not spoil the scrape', async (t) => {
  const sources = [ntpSource, { ...ntpSource, reach: 0 }]
  const text = await renderMetrics({ ...view, snapshot: { ...snapshot, sources } })
  t.same(text.match(/^timewarden_source_reachability_ratio\{.*$/gm), [
    'timewarden_source_reachability_ratio{source="ntp:10.99.0.1"} 0.875',
  ])
})
