import { join } from 'node:path'
import t from 'tap'
import { type RenderOptions, renderPtp4l } from '../../agent/cli/render-ptp4l.ts'

const CORPUS = join(import.meta.dirname, '../fixtures/ptpconfig')

function render(name: string, node: string, more: Partial<RenderOptions> = {}) {
  const [out, err]: [string[], string[]] = [[], []]
  const options: RenderOptions = {
    file: join(CORPUS, `${name}.yaml`),
    node: { name: node, labels: { ptp: 'yes', ha: '' } },
    directory: '/run/tw',
    mode: 'follow',
    version: [3, 1, 1],
    ...more,
  }
  const code = renderPtp4l(options, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  })
  return { code, out, err }
}

t.test('every profile of the node, with its command line and its file', async (t) => {
  const { code, out, err } = render('dual-nic', 'du-1')
  t.equal(code, 0)
  t.same(err, [])
  t.same(out.slice(0, 5), [
    '# profile boundary-nic1/nic1',
    '# command: ptp4l -f /run/tw/ptp4l.0.config -m -2 --summary_interval -4',
    '# socket: /run/tw/ptp4l.0.socket, domain 24',
    '# asks for: phc2sys -a -r -m -n 24 -N 8 -R 16',
    '# file: /run/tw/ptp4l.0.config',
  ])
  t.match(out[5], /^\[global\]\ndomainNumber 24\n/)
  t.equal(out[6], '# profile boundary-nic2/nic2')
  const words = render('quotes', 'n').out.find((line) => line.startsWith('# asks for'))
  t.match(words, "'/dev/ptp 0' -c CLOCK_REALTIME '--message_tag=[a b]' '-O -37' '$(reboot)'")
})

t.test('a profile without a ptp4l, a node without a profile', async (t) => {
  t.ok(render('dual-nic-ha', 'n').out.includes('# runs no ptp4l'))
  t.match(render('dual-nic', 'du-2'), { code: 0, out: [], err: ['no profile is for node du-2'] })
})

t.test('what that ptp4l would refuse is told with the line, exit code 78', async (t) => {
  const { code, err } = render('newer-options', 'n')
  t.equal(code, 78)
  t.same(err, [
    'newer-options/newer-on-the-line: ptp4lOpts: ptp_minor_version: since linuxptp 4.2, here is 3.1.1',
    'newer-options/newer-value: /run/tw/ptp4l.1.config:2: clock_servo refclock_sock: since linuxptp 4.0, here is 3.1.1',
    'newer-options/newer-words: /run/tw/ptp4l.2.config:2: clientOnly: since linuxptp 4.0, here is 3.1.1',
    'newer-options/newer-words: /run/tw/ptp4l.2.config:3: step_window: since linuxptp 4.0, here is 3.1.1',
    'newer-options/newer-words: /run/tw/ptp4l.2.config:7: serverOnly: since linuxptp 4.0, here is 3.1.1',
  ])
  t.match(render('newer-options', 'n', { version: [4, 4, 0] }), { code: 0, err: [] })
})

t.test('notices do not fail; faults and missing files do', async (t) => {
  const { code, err } = render('unknown-keys', 'n')
  t.equal(code, 0)
  t.match(err[0], /unknown-keys\.yaml:11:7: .*did you mean ptp4lOpts/)
  t.match(render('none', 'n'), { code: 66, err: [/ENOENT/] })
  const file = join(t.testdir({ 'a.yaml': 'kind: PtpConfig' }), 'a.yaml')
  t.equal(render('', 'n', { file }).code, 78)
  const text = `apiVersion: ptp.openshift.io/v1
kind: PtpConfig
metadata: { name: a }
spec: { profile: [], recommend: [{ profile: b, priority: 1, match: [{ nodeName: n }] }] }
`
  const lonely = join(t.testdir({ 'b.yaml': text }), 'b.yaml')
  t.match(render('', 'n', { file: lonely }), { code: 78, err: [/^profile b is recommended/] })
})
