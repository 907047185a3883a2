import t from 'tap'
import { renderSourcesScreen } from '../../agent/cli/render-sources.ts'
import { renderStatus } from '../../agent/cli/render-status.ts'
import { cell, coloured, plain, printable, table } from '../../agent/cli/text.ts'
import { formatFrequency } from '../../agent/cli/words.ts'
import { toStatus } from '../../agent/observe/status-json.ts'
import { VERDICT_ORDER } from '../../agent/select/verdict.ts'
import type { SourceDetail } from '../../agent/sources/source.ts'
import { fresh, healthy, ntpSource, snapshot } from '../observe/fixture.ts'

t.test('the first line of the status is what the clock is worth', async (t) => {
  const [first, second] = renderStatus(toStatus(healthy))
  t.equal(
    first,
    'OK: system clock locked to phc:eth0, within 214 ns of true time (bound), offset +12.4 ns',
  )
  t.equal(second, 'node-7, timewarden 0.1.0, up 59 min 50 s')
})

t.test('the screen tells problems with their next step, then everything else', async (t) => {
  const text = renderStatus(toStatus(snapshot)).join('\n')
  t.match(text, /^WARNING: /)
  t.match(text, /warning {3}source ntp:10\.99\.0\.5 is unreachable: no answer in time\n +-> check/)
  for (const title of ['Clocks', 'Sources', 'DNS', 'Last events']) t.match(text, `\n${title}\n`)
  t.match(
    text,
    /2026-05-31 23:48:20 {2}dns:10\.128\.0\.10 {2}dns-failing {2}tcp: conn_refused \(3 times\)/,
  )
  t.ok(text.indexOf('dns-failing') < text.lastIndexOf('step'), 'the newest event first')
  t.match(text, /phc:eth0 +locked {2}follow +-3\.00 ns +120 ns +\+4200\.3 ppb {2}steered by ptp4l/)
})

t.test('what there is not is left out or said', async (t) => {
  const bare = { ...fresh, explicitConfig: false, sources: [] }
  const text = renderStatus(toStatus(bare)).join('\n')
  t.match(text, 'no configuration: observing what was found')
  t.match(text, 'no source: nothing is measured')
  t.notMatch(text, '\nDNS')
  t.notMatch(text, 'Last events')
  const dns = { ...fresh.dns, enabled: true }
  t.match(renderStatus(toStatus({ ...fresh, dns })).join('\n'), 'no name server to probe')
})

t.test('the table of sources has a legend for every verdict', async (t) => {
  const lines = renderSourcesScreen(toStatus(snapshot))
  t.match(lines[0], /^ {2}source +clock +verdict +reach +poll +age +offset +± bound +str +why$/)
  t.match(
    lines.find((line) => line.includes('ntp:10.99.0.1')),
    /standby +367 +16 s +9 s +\+31\.0 µs +410 µs +2 {2}a PHC of better rank steers$/,
  )
  for (const verdict of VERDICT_ORDER) t.match(lines.join('\n'), `    ${verdict} `)
  t.match(lines.join('\n'), /ntp:10\.99\.0\.1 {2}minpoll 4, maxpoll 6, iburst, filter 1\n/)
  t.match(lines.join('\n'), /\n +stamps: requests by kernel, answers by hardware\n/)
  t.match(lines.join('\n'), /\n +refused: timeout 9, delay-deviation 3\n/)
})

t.test('how answers are authenticated is told where they are', async (t) => {
  const detail = { ...ntpSource.detail, authentication: 'key 5 SHA256' } as SourceDetail
  const keyed = { ...snapshot, sources: [{ ...ntpSource, detail }] }
  t.match(
    renderSourcesScreen(toStatus(keyed)).join('\n'),
    /10\.99\.0\.1 {2}key 5 SHA256, minpoll 4/,
  )
})

t.test('a terminal never obeys a name from the network', async (t) => {
  const evil = { ...ntpSource, id: 'ntp:\u001b[2Jx', why: '\u009b31m', reference: '' }
  const text = renderStatus(toStatus({ ...snapshot, sources: [evil] })).join('\n')
  t.notMatch(text, '\u001b')
  t.notMatch(text, '\u009b')
  t.equal(printable('a\u0007b\u007fc é'), 'a?b?c é')
})

t.test('colours do not shift the columns', async (t) => {
  const rows = [
    [cell('locked', 'green'), cell('1')],
    [cell('no'), cell('200')],
  ]
  const columns = [{ name: 'state' }, { name: 'n', right: true }]
  t.same(table(columns, rows, plain), ['  state     n', '  locked    1', '  no      200'])
  const bare = table(columns, rows, coloured).map((line) =>
    line.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), ''),
  )
  t.same(bare, table(columns, rows, plain))
  t.equal(coloured(undefined, 'x'), 'x')
  t.same(table(columns, [[cell('short row')]], plain)[1], '  short row')
})

t.test('a frequency is told with its sign', async (t) => {
  t.equal(formatFrequency(-10_250.54), '-10250.5 ppb')
  t.equal(formatFrequency(0), '+0.0 ppb')
  t.equal(formatFrequency(123_456), '+123 ppm')
  t.equal(formatFrequency(null), '-')
})
