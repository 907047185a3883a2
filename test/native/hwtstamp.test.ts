import { existsSync } from 'node:fs'
import t from 'tap'
import {
  decodeHwTstamp,
  FILTER_ALL,
  FILTER_NTP_ALL,
  HWTSTAMP_TX_ON,
  HwTstamp,
  stampsAll,
} from '../../native/hwtstamp.ts'
import { SIOCGHWTSTAMP, SIOCGIFINDEX, SIOCSHWTSTAMP } from '../../native/ioctl.ts'

t.test('a configuration is read where the kernel writes it', async (t) => {
  const view = new DataView(new ArrayBuffer(12))
  view.setInt32(0, 1, true)
  view.setInt32(4, 1, true)
  view.setInt32(8, 12, true)
  t.same(decodeHwTstamp(view), { txType: 1, rxFilter: 12 })
})

t.test('all packets are stamped by two filters, with transmit stamps on', async (t) => {
  t.ok(stampsAll({ txType: HWTSTAMP_TX_ON, rxFilter: FILTER_ALL }))
  t.ok(stampsAll({ txType: 2, rxFilter: FILTER_NTP_ALL }), 'one-step Syncs, else as on')
  t.notOk(stampsAll({ txType: 0, rxFilter: FILTER_ALL }))
  t.notOk(stampsAll({ txType: HWTSTAMP_TX_ON, rxFilter: 12 }), 'PTP only')
  t.notOk(stampsAll({ txType: HWTSTAMP_TX_ON, rxFilter: 0 }))
})

t.test('the request has the name and the address of 12 bytes', async (t) => {
  const asked: [number, Uint8Array][] = []
  const nic = new HwTstamp((_fd, request, argument) => {
    asked.push([request, Uint8Array.from(argument as Uint8Array)])
    return 0
  })
  t.same(nic.set('eth0', { txType: 1, rxFilter: 1 }), {
    ok: true,
    config: { txType: 1, rxFilter: 1 },
  })
  t.same(nic.get('eth0'), { ok: true, config: { txType: 0, rxFilter: 0 } }, 'zeroes are sent')
  t.same(
    asked.map(([request]) => request),
    [SIOCSHWTSTAMP, SIOCGHWTSTAMP],
  )
  t.equal(Buffer.from(asked[0]?.[1] ?? []).toString('latin1', 0, 5), 'eth0\0')
  t.not(new DataView(asked[0]![1].buffer).getBigUint64(16, true), 0n)
  nic.close()
})

t.test('a refusal is a fault that names the call', async (t) => {
  const nic = new HwTstamp(() => -95)
  t.match(nic.get('eth0'), { ok: false, fault: { syscall: 'ioctl(SIOCGHWTSTAMP)' } })
  t.match(nic.set('eth0', { txType: 1, rxFilter: 1 }), {
    ok: false,
    fault: { syscall: 'ioctl(SIOCSHWTSTAMP)', errno: 'EOPNOTSUPP' },
  })
  t.match(nic.get('a'.repeat(16)), { ok: false, fault: { code: 'INVALID' } })
  t.equal(nic.index('a'.repeat(16)), undefined)
  t.equal(nic.index('eth0'), undefined)
  nic.close()
})

t.test('the number of an interface is where the kernel writes it', async (t) => {
  const nic = new HwTstamp((_fd, request, argument) => {
    t.equal(request, SIOCGIFINDEX)
    const { buffer, byteOffset } = argument as Uint8Array
    new DataView(buffer, byteOffset).setInt32(16, 7, true)
    return 0
  })
  t.equal(nic.index('eth0'), 7)
  nic.close()
})

const skip = existsSync('/sys/class/net/lo') ? false : 'no loopback interface'

t.test('the loopback has a number and stamps nothing', { skip }, async (t) => {
  const nic = new HwTstamp()
  t.equal(nic.index('lo'), 1)
  t.match(nic.get('lo'), { ok: false, fault: { syscall: 'ioctl(SIOCGHWTSTAMP)' } })
  nic.close()
})
