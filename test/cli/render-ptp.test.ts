import t from 'tap'
import { renderPtp } from '../../agent/cli/render-ptp.ts'
import { toStatus } from '../../agent/observe/status-json.ts'
import { ptpSource, snapshot } from '../observe/fixture.ts'

const linesOf = (...sources: (typeof ptpSource)[]): string[] =>
  renderPtp(toStatus({ ...snapshot, sources }).sources)

t.test('one block per ptp4l', async (t) => {
  const text = linesOf(ptpSource, { ...ptpSource, id: 'ptp4l:/other', trouble: 'no Sync yet' })
  t.same(text.slice(0, text.indexOf('')), [
    'ptp4l:/var/run/ptp4l  domain 24, clock phc:eth0, subscribed, restarts 1',
    '  grandmaster 001122.fffe.334455, class 6, accuracy 0x21, priorities 128, 129',
    '  steps removed 1, path delay 350 ns, offset -3.00 ns',
    '  time source GNSS, TAI - UTC 37 s',
    '  port  interface  state          for  stamps    delay by  peer delay  Announce  Sync  Delay_Req  in/s  out/s',
    '     1  eth0       SLAVE  59 min 40 s  hardware  P2P           212 ns       2 s   8/s          -   8.5    0.5',
    '  port  unicast master  state      identity            class  accuracy  priorities',
    '     1  *10.99.0.1      HAVE_SYDY  001122.fffe.334455      6  0x21      128, 128',
    '  port 1: CMLDS link delay 313 ns, asCapable true',
    `  port 1: became FAULTY 1, announce timeout 2, sync timeout 3, delay timeout 4, ${[
      'unicast service timeout 5, unicast request timeout 6',
      'sync mismatch 10, followup mismatch 11',
    ].join(', ')}`,
    '  not given: EXTERNAL_GRANDMASTER_PROPERTIES_NP',
  ])
  t.match(text.slice(text.indexOf('') + 1), [/^ptp4l:\/other/, '  no Sync yet'])
})

t.test('what ptp4l did not tell yet is a dash', async (t) => {
  const { detail } = ptpSource
  if (detail.kind !== 'ptp4l') throw new Error('not a ptp4l')
  const [port] = detail.ports
  if (port === undefined) throw new Error('no port')
  const { dataSets: _, traffic: __, entered: ___, faulted: ____, ...bare } = port
  const little = {
    ...{ ...detail, grandmaster: '', subscribed: false, clockAccuracy: undefined },
    ...{ dataSets: {}, refusedDataSets: {}, restarts: 0, ports: [bare] },
  }
  const text = linesOf({ ...ptpSource, clock: undefined, offset: undefined, detail: little })
  t.match(text, [
    'ptp4l:/var/run/ptp4l  domain 24, clock unknown, polled',
    '  grandmaster none yet, class 6, accuracy -, priorities -, -',
    '  steps removed 1, path delay 350 ns, offset -',
    /port/,
    /1 {2}eth0 {7}SLAVE {2}>59 min 40 s {2}hardware {2}-/,
  ])
  t.equal(text.length, 5)
  t.same(renderPtp([]), ['no ptp4l is watched'])
})
