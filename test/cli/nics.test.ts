import t from 'tap'
import { showNics } from '../../agent/cli/nics.ts'
import { renderNics } from '../../agent/cli/render-nics.ts'
import { Terminal } from '../../agent/cli/terminal.ts'
import { coloured } from '../../agent/cli/text.ts'
import { type Nic, whyNotPtp } from '../../agent/core/nic.ts'
import { nicsView } from '../../agent/observe/nics-view.ts'
import { nic, phc } from '../core/nic-fixture.ts'

const render = (nics: readonly Nic[], phcs = [phc(0)], all = true): string[] =>
  renderNics(nicsView({ nics, phcs }, 'n', all))
const rowOf = (lines: readonly string[], name: string): string =>
  lines.find((line) => line.trim().startsWith(`${name} `)) ?? ''

t.test('a bond’s members stand under it, their own VLAN does not', async (t) => {
  const lines = render([
    nic('br0', { kind: 'bridge', pci: '', phcIndex: null, driver: 'bridge' }),
    nic('bond0', { kind: 'bond', master: 'br0', bond: { mode: '802.3ad', active: '' } }),
    nic('bond0.5', { kind: 'vlan', lower: ['bond0'] }),
    nic('ens1', { master: 'bond0' }),
    nic('ens2', { master: 'gone' }),
  ])
  t.same(
    lines.slice(1, 6).map((line) => /^ *\S+/.exec(line)?.[0]),
    ['  br0', '    bond0', '      ens1', '  bond0.5', '  ens2'],
  )
  t.ok(lines.includes('  bond0: 802.3ad'))
})

t.test('link and stamps in a word', async (t) => {
  const told = (changes: Partial<Nic>) => rowOf(render([nic('e0', changes)]), 'e0')
  t.match(told({ speedMbps: 2500 }), /up 2\.5G/)
  t.match(told({ speedMbps: 100 }), /up 100M/)
  t.match(told({ operstate: 'lowerlayerdown', speedMbps: null }), / down /)
  t.match(told({ operstate: 'notpresent-', speedMbps: null }), / notprese… /)
  t.match(told({}), /ptp0 +yes +all packets$/)
  t.match(told({ rxFilters: ['ptpv2-event'], txTypes: ['on', 'onestep-sync'] }), /PTP.*one-step$/)
  t.match(told({ rxFilters: ['some'] }), /some packets$/)
  t.match(told({ phcIndex: null }), / - +no +no PHC$/)
})

t.test('PHCs stand below, with what to know of them', async (t) => {
  const lines = render(
    [nic('ens1f0'), nic('ens1f1')],
    [phc(0, { virtualClocks: 2 }), phc(1, { physicalIndex: 0, pps: null, pins: [] })],
  )
  t.match(rowOf(lines, 'ptp0'), /clock 0 +999999999 +5 +3 +4 +yes +2 +ens1f0, ens1f1$/)
  t.match(rowOf(lines, 'ptp1'), /- +0 +-$/)
  t.ok(lines.some((line) => line.startsWith('  ptp0 carries 2 virtual clocks: ')))
  t.ok(lines.some((line) => line.startsWith('  ptp0 is one clock for 2 NICs')))
  t.ok(lines.some((line) => line.startsWith('  ptp1 is a virtual clock on ptp0')))
})

t.test('a node without either says so', async (t) => {
  t.same(render([], []), ['  no NIC', '', '  no PHC'])
})

t.test('what is not shown is counted', async (t) => {
  const hidden = ['virtual-function', 'virtual-function', 'vlan', 'loopback', 'bridge'] as const
  const nics = hidden.map((kind, index) => nic(`x${index}`, { kind }))
  t.equal(
    render([nic('eth0'), ...nics], [], false).at(-1),
    '  more with --all: 2 virtual functions, 1 VLAN, 1 loopback, 1 bridge',
  )
})

t.test('no line is longer than 100 columns, whatever the names are', async (t) => {
  const long = (index: number): Nic =>
    nic(`enp129s0f0np${index}xx`.slice(0, 15), {
      key: `k${index}`,
      driver: 'a-very-long-driver-name',
      operstate: 'unknown',
      speedMbps: 400_000,
      master: index > 0 ? 'bond-of-15-char' : '',
      stamping: ['tx-hardware', 'rx-hardware'],
      phcIndex: 17,
    })
  const bond = nic('bond-of-15-char', {
    kind: 'bond',
    bond: { mode: 'active-backup', active: 'enp129s0f0np1xx' },
  })
  const clock = phc(17, {
    clockName: 'a clock with a name of more than that',
    maxAdjustmentPpb: 2_147_483_647,
    virtualClocks: 20,
  })
  const kinds = [
    'virtual-function',
    'representor',
    'vlan',
    'bridge',
    'loopback',
    'virtual',
  ] as const
  const hidden = kinds.flatMap((kind) =>
    Array.from({ length: 128 }, (_, index) => nic(`h${index}`, { kind, key: `${kind}${index}` })),
  )
  const lines = render([bond, ...[0, 1, 2, 3].map(long), ...hidden], [clock], false)
  for (const line of lines) t.ok(line.length <= 100, `${line.length}: ${line}`)
  t.ok(lines.some((line) => line.includes('no raw hardware stamps')))
  t.ok(lines.some((line) => line.includes('enp129s0f0np0xx +3')))
})

t.test('names cannot command the terminal, and who can is green', async (t) => {
  const view = nicsView({ nics: [nic('e\u001b[2J')], phcs: [phc(0)] }, 'n', true)
  t.notMatch(renderNics(view).join(), '\u001b')
  t.match(renderNics(view, coloured).join(), '\u001b[32myes')
})

t.test('the command shows this very node in each form', async (t) => {
  const shown = (form: 'table' | 'json' | 'node-ptp-device', node?: string): string => {
    let output = ''
    const out = new Terminal({ write: (text) => (output += text) }, true)
    t.equal(showNics({ form, all: true }, node, { out }), 0)
    return output
  }
  t.match(shown('table'), /interface|no NIC/)
  const json = JSON.parse(shown('json'))
  t.match(json, { node: String, nics: Array, phcs: Array, hidden: {} })
  for (const each of json.nics) t.equal(each.ptp.why, whyNotPtp(each))
  t.match(JSON.parse(shown('node-ptp-device', 'worker-1')), {
    kind: 'NodePtpDevice',
    metadata: { name: 'worker-1' },
  })
})
