import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadPtpConfigs, type PtpProfile } from '../../agent/config/ptp-config.ts'
import { parseConf, valueIn, writeConf } from '../../agent/config/ptp4l-conf.ts'
import { type RenderSettings, renderProfile } from '../../agent/config/ptp4l-render.ts'
import { readOptions } from '../../agent/config/ptp4l-words.ts'

const CORPUS = join(import.meta.dirname, '../fixtures/ptpconfig')

function profilesOf(name: string): readonly PtpProfile[] {
  const loaded = loadPtpConfigs(readFileSync(join(CORPUS, `${name}.yaml`), 'utf8'), name)
  return loaded.ok ? loaded.configs.flatMap(({ profiles }) => profiles) : []
}

const SETTINGS: RenderSettings = {
  index: 0,
  mode: 'follow',
  version: [3, 1, 1],
  directory: '/run/tw',
}

const render = (name: string, settings: Partial<RenderSettings> = {}, at = 0) => {
  const profile = profilesOf(name)[at]
  if (profile === undefined) throw new Error(`${name}: no profile ${at}`)
  return renderProfile(profile, { ...SETTINGS, ...settings })
}

/** The part of an operator's own text, which is to be untouched. */
const withoutOurs = (text = ''): string =>
  text.replace(/^(message_tag|uds_address|uds_ro_address|free_running 1).*\n/gm, '')

t.test('a profile without a configuration runs the default profile on its interface', async (t) => {
  const { ptp4l, others, faults } = render('ordinary-clock')
  t.same(faults, [])
  t.same(ptp4l?.command, ['ptp4l', '-f', '/run/tw/ptp4l.0.config', '-m', '-2', '-s'])
  t.match(ptp4l?.text, /^# IEEE 1588 default profile[\s\S]*\n\[ens1f0\]\n$/)
  t.match(ptp4l, {
    interfaces: ['ens1f0'],
    file: '/run/tw/ptp4l.0.config',
    socket: '/run/tw/ptp4l.0.socket',
    domain: 0,
    refusals: [],
  })
  t.same(others, { phc2sys: ['-a', '-r', '-n', '24'] })
})

t.test("an operator's text stays as it is, with ours added", async (t) => {
  for (const name of ['boundary-clock', 'g8275-2', 'grandmaster', 'newer-options']) {
    const [profile] = profilesOf(name)
    const { ptp4l } = render(name, { mode: 'observe' })
    t.equal(withoutOurs(ptp4l?.text), profile?.conf.ptp4l, name)
  }
  const { ptp4l } = render('ordinary-clock-conf')
  const conf = parseConf(ptp4l?.text ?? '').conf
  t.equal(valueIn(conf, 'global', 'message_tag'), '[ptp4l.0.config]')
  t.equal(valueIn(conf, 'global', 'uds_address'), '/run/tw/ptp4l.0.socket')
  t.equal(valueIn(conf, 'global', 'free_running'), '0')
  t.equal(writeConf(conf), ptp4l?.text)
})

t.test('each instance has its own files, from 4.0 on a second socket, too', async (t) => {
  const first = render('dual-nic', { version: [4, 2, 0] })
  const second = render('dual-nic', { index: 1, version: [4, 2, 0] }, 1)
  t.match(first.ptp4l?.text, /^uds_ro_address \/run\/tw\/ptp4lro\.0\.socket$/m)
  t.match(second.ptp4l, { file: '/run/tw/ptp4l.1.config', socket: '/run/tw/ptp4l.1.socket' })
  t.match(second.ptp4l?.text, /^uds_ro_address \/run\/tw\/ptp4lro\.1\.socket$/m)
  t.notMatch(render('dual-nic').ptp4l?.text, /uds_ro_address/)
  t.same(first.ptp4l?.refusals, [])
})

t.test(
  'a clock that we drive or observe is not steered by ptp4l, whatever is written',
  async (t) => {
    for (const mode of ['drive', 'observe'] as const) {
      const { ptp4l } = render('steering', { mode })
      t.equal(ptp4l?.text.match(/^free_running 1$/gm)?.length, 2)
      t.notMatch(ptp4l?.text, /free_running 0/)
      t.same(ptp4l?.command.slice(-6), [
        ...['--uds_address', '/run/tw/ptp4l.0.socket', '--message_tag', '[ptp4l.0.config]'],
        ...['--free_running', '1'],
      ])
      t.match(render('ordinary-clock-conf', { mode }).ptp4l?.text, /^free_running 1$/m)
      // an abbreviated option is one, too
      t.same(render('dual-nic', { mode }).ptp4l?.command.slice(-2), ['--free_running', '1'])
    }
    const follow = render('steering')
    t.match(follow.ptp4l?.text, /^free_running 0$/m)
    t.notMatch(follow.ptp4l?.command, ['--free_running', '1'])
  },
)

t.test('scheduling comes before the program, without a shell', async (t) => {
  const fifo = render('boundary-clock').ptp4l?.command.slice(0, 4)
  t.same(fifo, ['chrt', '--fifo', '10', 'ptp4l'])
  const programs = { chrt: '/usr/bin/chrt', ptp4l: '/usr/sbin/ptp4l' }
  const other = render('scheduling-other', programs).ptp4l?.command.slice(0, 4)
  t.same(other, ['/usr/bin/chrt', '--other', '0', '/usr/sbin/ptp4l'])
})

t.test('options with quotes, and ports on the command line', async (t) => {
  const { ptp4l, others } = render('quotes')
  t.same(ptp4l?.interfaces, ['ens4f0', 'ens4f1'])
  t.same(ptp4l?.command.slice(4), [
    ...['-i', 'ens4f0', '-iens4f1', "--userDescription=rack 7; row 'B'"],
    ...['--productDescription', 'maker;model x;1', '-s'],
  ])
  t.same(others.phc2sys, [
    ...['-s', '/dev/ptp 0', '-c', 'CLOCK_REALTIME', '--message_tag=[a b]', '-O -37', '$(reboot)'],
  ])
})

t.test('an empty option line runs nothing', async (t) => {
  t.equal(render('dual-nic-ha', {}, 2).ptp4l, undefined)
  t.same(render('dual-nic-ha').others, {})
  t.same(render('grandmaster').others.ts2phc, [])
})

t.test('the domain in force is that of the command line', async (t) => {
  t.same(
    [0, 1].map((at) => render('g8275-1', {}, at).ptp4l?.domain),
    [24, 43],
  )
})

t.test('what ptp4l would refuse is told beforehand, the command line first', async (t) => {
  const named = (name: string, at: number, version: RenderSettings['version'] = [3, 1, 1]) =>
    render(name, { version }, at).ptp4l?.refusals.map(({ option, kind }) => `${option} ${kind}`)
  t.same(named('newer-options', 0), ['clientOnly newer', 'step_window newer', 'serverOnly newer'])
  t.same(named('newer-options', 1), ['clock_servo newer'])
  t.same(named('newer-options', 2), ['ptp_minor_version newer'])
  for (const at of [0, 1, 2]) t.same(named('newer-options', at, [4, 4, 0]), [])
  t.same(
    [0, 1, 2, 3, 4, 5].map((at) => named('bad-options', at)),
    [
      ['domainNumer unknown'],
      ['announceReceiptTimeout value'],
      ['network_transport value'],
      ['priority1 section'],
      ['step_threshold value'],
      ['server unknown'],
    ],
  )
})

t.test('a second configuration file, no port and broken quotes are faults', async (t) => {
  const [profile] = profilesOf('ordinary-clock')
  const faults = (ptp4l: string, port = 'eth0') => {
    const changed = { ...profile!, interface: port || undefined, options: { ptp4l } }
    return renderProfile(changed, SETTINGS).faults.map(({ message }) => message)
  }
  t.match(faults('-sf /etc/x.conf'), [/^ptp4lOpts: -f would replace/])
  t.same(faults('-s --userDescription -f'), [])
  t.match(faults('-s', ''), [/^no interface/])
  t.match(faults('-s -- -2'), [/^ptp4lOpts: -- ends/])
  // it would take our own word as its value
  t.match(faults('--free_running 0 --userDescription'), [/userDescription at the end has no value/])
  t.match(faults('-l'), [/l at the end has no value/])
  t.match(faults('-s "x'), [/^ptp4lOpts: a " without its end/])
})

t.test('words are read as getopt does', async (t) => {
  const read = (...words: string[]) =>
    readOptions(words).map(({ name, long, value }) => `${long ? '--' : '-'}${name}=${value}`)
  t.same(read('-sm2', '-l7', '-i', 'eth0', 'x', '-'), [...['-s=', '-m=', '-2=', '-l=7', '-i=eth0']])
  t.same(read('--a=b=c', '--d', '-e', '--f', '--', '-s'), ['--a=b=c', '--d=-e', '--f=--', '-s='])
  t.same(read('-2', '--', '-s'), ['-2='])
  t.same(readOptions(['-i']), [{ name: 'i', long: false, value: undefined }])
  t.same(readOptions(['--x']), [{ name: 'x', long: true, value: undefined }])
})
