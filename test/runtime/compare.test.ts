import t from 'tap'
import { createComparer } from '../../agent/runtime/compare.ts'
import { createIdentifier } from '../../agent/runtime/identify.ts'
import { PTP } from '../../native/ioctl.ts'
import type { PtpCalls } from '../../native/ptp-clock.ts'

function play(answers: number[]): { calls: PtpCalls; opened: string[]; closed: number[] } {
  const [opened, closed] = [[] as string[], [] as number[]]
  const calls: PtpCalls = {
    open: (path) => 10 + opened.push(path),
    close: (fd) => closed.push(fd),
    ioctl: (_fd, request) => (request === PTP.SYS_OFFSET_PRECISE ? (answers.shift() ?? 0) : -25),
    gettime: () => -22,
  }
  return { calls, opened, closed }
}

t.test('a device is opened once and kept', async (t) => {
  const { calls, opened, closed } = play([])
  const comparer = createComparer(() => '/dev/ptp0', calls)
  t.match(comparer.compare('phc:eth0', 5), { ok: true, comparison: { method: 'precise' } })
  comparer.compare('phc:eth0', 5)
  t.same(opened, ['/dev/ptp0'])
  comparer.close()
  t.same(closed, [11])
})

t.test('a device that vanished is opened anew under the path that it has then', async (t) => {
  const { calls, opened, closed } = play([0, -19, 0])
  const paths = ['/dev/ptp0', '/dev/ptp1']
  const comparer = createComparer(() => paths.shift(), calls)
  t.equal(comparer.compare('phc:eth0', 1).ok, true)
  t.match(comparer.compare('phc:eth0', 1), { ok: false, fault: { code: 'NO_DEVICE' } })
  t.same(closed, [11])
  t.equal(comparer.compare('phc:eth0', 1).ok, true)
  t.same(opened, ['/dev/ptp0', '/dev/ptp1'])
})

t.test('a busy device stays open', async (t) => {
  const { calls, closed } = play([-16, -16, -16])
  const comparer = createComparer(() => '/dev/ptp0', calls)
  t.match(comparer.compare('phc:eth0', 1), { fault: { code: 'BUSY' } })
  t.same(closed, [])
})

t.test('a clock that is not on this node is a fault', async (t) => {
  t.match(createComparer(() => undefined).compare('phc:eth7', 1), {
    ok: false,
    fault: { code: 'NO_DEVICE', syscall: 'open(phc:eth7)' },
  })
  t.match(createComparer(() => '/dev/no-such-clock').compare('phc:x', 1), {
    ok: false,
    fault: { code: 'NOT_FOUND' },
  })
})

t.test('an interface is identified by the PHC it stamps with', async (t) => {
  const identifier = createIdentifier()
  t.match(identifier.identify('no-such-nic'), { ok: false, fault: { code: 'NO_DEVICE' } })
  identifier.close()
  const nic = createIdentifier({
    tsInfo: () => ({
      ok: true,
      info: { phcIndex: 3, stamping: [], txTypes: [], rxFilters: [] },
    }),
    close: () => undefined,
  })
  t.same(nic.identify('eth0'), { ok: true, phcIndex: 3 })
})
