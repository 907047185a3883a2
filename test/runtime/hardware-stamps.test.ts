import t from 'tap'
import { comparisonOf } from '../../agent/core/comparison.ts'
import { mono, nanos, phc, ppb, utc } from '../../agent/core/units.ts'
import {
  canStampAll,
  type HardwareMode,
  HardwareStamps,
  type HardwareTools,
} from '../../agent/runtime/hardware-stamps.ts'
import type { TsInfo } from '../../native/ethtool.ts'
import type { HwTstampConfig } from '../../native/hwtstamp.ts'

const S = 1_000_000_000n

const INFO: TsInfo = {
  phcIndex: 2,
  stamping: ['tx-hardware', 'rx-hardware', 'raw-hardware'],
  txTypes: ['off', 'on'],
  rxFilters: ['none', 'all'],
}
const fault = { code: 'PERMISSION', syscall: 'ioctl(SIOCSHWTSTAMP)', errno: 'EPERM' } as const

class Node {
  at = 100n * S
  info = INFO
  config: HwTstampConfig = { txType: 1, rxFilter: 1 }
  forbidden = false
  unreadable = false
  asked = 0
  set: HwTstampConfig[] = []
  notes: string[] = []
  closed = 0

  stamps(mode: HardwareMode): HardwareStamps {
    const close = () => {
      this.closed += 1
    }
    const tools: HardwareTools = {
      ethtool: { tsInfo: () => ({ ok: true, info: this.info }), linkSpeed: () => 1000, close },
      hwtstamp: {
        get: () => {
          this.asked += 1
          return { ok: true, config: this.config }
        },
        set: (_name, config) => {
          if (this.forbidden) return { ok: false, fault }
          this.set.push(config)
          this.config = config
          return { ok: true, config }
        },
        index: () => 5,
        close,
      },
      interfaceOf: (key) => (key === 'a' || key === 'b' ? 'eth0' : undefined),
      comparer: {
        compare: () => {
          if (this.unreadable) return { ok: false, fault }
          const at = utc(this.at)
          const reading = { before: at, phc: phc(this.at + 37n * S), after: at }
          return { ok: true, comparison: comparisonOf('precise', [reading]) }
        },
        close,
      },
    }
    return new HardwareStamps({
      mode,
      tools,
      now: () => ({ mono: mono(this.at), utc: utc(this.at) }),
      deviceOf: (clock) => (clock === 'phc:eth0' ? '/dev/ptp2' : undefined),
      note: (code, detail) => this.notes.push(`${code}: ${detail}`),
    })
  }
}

t.test('what an interface must be able to do', async (t) => {
  t.ok(canStampAll(INFO))
  t.ok(canStampAll({ ...INFO, rxFilters: ['none', 'ntp-all'] }))
  t.notOk(canStampAll({ ...INFO, rxFilters: ['none', 'ptpv2-event'] }))
  t.notOk(canStampAll({ ...INFO, phcIndex: -1 }))
  t.notOk(canStampAll({ ...INFO, txTypes: ['off'] }))
  t.notOk(canStampAll({ ...INFO, stamping: ['tx-hardware', 'rx-hardware'] }))
})

t.test('one that stamps all packets is used, and told of once', async (t) => {
  const node = new Node()
  const stamps = node.stamps('auto')
  const nic = stamps.at('a')
  t.match(nic?.nic, { name: 'eth0', index: 5, phcIndex: 2, speed: 1000 })
  t.equal(stamps.at('b'), nic, 'two addresses of one interface share its line')
  t.equal(stamps.at('elsewhere'), undefined)
  t.same(node.notes, ['hardware-stamps: eth0 by /dev/ptp2'])
  t.same(node.set, [])
  stamps.close()
  t.equal(node.closed, 3)
})

t.test('it is asked at most every ten seconds, and what changed is noticed', async (t) => {
  const node = new Node()
  const stamps = node.stamps('auto')
  const nic = stamps.at('a')
  t.equal(stamps.at('a'), nic)
  t.equal(node.asked, 1)
  node.at += 10n * S
  t.equal(stamps.at('a'), nic, 'the same as before, with its readings')
  t.equal(node.asked, 2)
  node.at += 10n * S
  node.info = { ...INFO, phcIndex: 3 }
  t.not(stamps.at('a'), nic)
  node.at += 10n * S
  node.config = { txType: 1, rxFilter: 12 }
  t.equal(stamps.at('a'), undefined, 'somebody set it up for PTP')
})

t.test('off, and auto on one that is not set up: nothing is touched', async (t) => {
  const node = new Node()
  t.equal(node.stamps('off').at('a'), undefined)
  t.equal(node.asked, 0)
  node.config = { txType: 0, rxFilter: 0 }
  t.equal(node.stamps('auto').at('a'), undefined)
  t.same(node.set, [])
  t.same(node.notes, [])
})

t.test('configure sets up one that stamps nothing, for all packets', async (t) => {
  const node = new Node()
  node.config = { txType: 0, rxFilter: 0 }
  t.ok(node.stamps('configure').at('a'))
  t.same(node.set, [{ txType: 1, rxFilter: 1 }])
  const other = new Node()
  other.config = { txType: 0, rxFilter: 0 }
  other.info = { ...INFO, rxFilters: ['none', 'ntp-all'] }
  t.ok(other.stamps('configure').at('a'))
  t.same(other.set, [{ txType: 1, rxFilter: 15 }])
})

t.test(
  'configure leaves the filter of somebody else alone, and tells a refusal once',
  async (t) => {
    const node = new Node()
    node.config = { txType: 1, rxFilter: 12 }
    const stamps = node.stamps('configure')
    t.equal(stamps.at('a'), undefined)
    node.at += 10n * S
    t.equal(stamps.at('a'), undefined)
    t.same(node.set, [])
    t.same(node.notes, ['stamps-refused: eth0: its filter was chosen by somebody else'])
    const other = new Node()
    other.config = { txType: 0, rxFilter: 0 }
    other.forbidden = true
    t.equal(other.stamps('configure').at('a'), undefined)
    t.match(other.notes, [
      /^stamps-refused: eth0: ioctl\(SIOCSHWTSTAMP\): EPERM, CAP_NET_ADMIN is missing/,
    ])
  },
)

t.test('a PHC that may not be read', async (t) => {
  const node = new Node()
  node.unreadable = true
  t.equal(node.stamps('auto').at('a'), undefined)
  t.same(node.notes, ['stamps-refused: /dev/ptp2: PERMISSION'])
})

t.test('a change of a clock reaches the interfaces that it is of', async (t) => {
  const node = new Node()
  const stamps = node.stamps('auto')
  const nic = stamps.at('a')
  const told: unknown[] = []
  if (nic !== undefined) nic.changed = (_, which) => told.push(which)
  const base = { step: 1n, frequency: ppb(0), uncertainty: nanos(0), foreign: false }
  for (const clock of ['system', 'phc:eth0', 'phc:other'] as const) {
    stamps.changed({ ...base, clock, at: mono(node.at) })
  }
  t.same(told, ['system', 'phc'])
})
