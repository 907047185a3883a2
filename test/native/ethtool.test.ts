import { existsSync } from 'node:fs'
import t from 'tap'
import { decodeDriverInfo, decodeTsInfo, Ethtool, encodeIfreq } from '../../native/ethtool.ts'

t.test('time stamping abilities are read from their bits', async (t) => {
  const view = new DataView(new ArrayBuffer(44))
  view.setUint32(4, 0b101_1111, true)
  view.setInt32(8, 2, true)
  view.setUint32(12, 0b0011, true)
  view.setUint32(28, (1 << 0) | (1 << 12) | (1 << 15), true)
  t.same(decodeTsInfo(view), {
    phcIndex: 2,
    stamping: [
      'tx-hardware',
      'tx-software',
      'rx-hardware',
      'rx-software',
      'software',
      'raw-hardware',
    ],
    txTypes: ['off', 'on'],
    rxFilters: ['none', 'ptpv2-event', 'ntp-all'],
  })
  view.setInt32(8, -1, true)
  t.equal(decodeTsInfo(view).phcIndex, -1)
})

t.test('driver, version and firmware are texts of up to 32 bytes', async (t) => {
  const bytes = Buffer.alloc(196)
  bytes.write('ice', 4)
  bytes.write('6.1.0-18', 36)
  bytes.write('f'.repeat(40), 68)
  t.same(decodeDriverInfo(bytes), { driver: 'ice', version: '6.1.0-18', firmware: 'f'.repeat(32) })
  t.same(decodeDriverInfo(Buffer.alloc(196)), { driver: '', version: '', firmware: '' })
})

t.test('an interface that is not there has no driver', async (t) => {
  const ethtool = new Ethtool()
  t.equal(ethtool.driverInfo('no-such-nic'), undefined)
  ethtool.close()
})

t.test('an interface request has the name, its end, and the address', async (t) => {
  const bytes = encodeIfreq('eth0', 0x1122334455667788n)
  t.equal(bytes?.length, 40)
  t.equal(Buffer.from(bytes ?? []).toString('latin1', 0, 5), 'eth0\0')
  t.same([...(bytes ?? []).slice(16, 24)], [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11])
})

t.test('a name that no interface can have is not sent to the kernel', async (t) => {
  t.equal(encodeIfreq('', 0n), undefined)
  t.equal(encodeIfreq('a'.repeat(16), 0n), undefined)
  t.equal(encodeIfreq('eth\0', 0n), undefined)
  t.ok(encodeIfreq('a'.repeat(15), 0n))
  const ethtool = new Ethtool(() => t.fail('asked') as never)
  t.match(ethtool.tsInfo('interface-with-a-long-name'), { fault: { code: 'INVALID' } })
  ethtool.close()
})

const skip = existsSync('/sys/class/net/lo') ? false : 'no loopback interface'

t.test('the loopback stamps in software and has no PHC', { skip }, async (t) => {
  const ethtool = new Ethtool()
  const answer = ethtool.tsInfo('lo')
  t.match(answer, { ok: true, info: { phcIndex: -1, txTypes: [] } })
  t.ok(answer.ok && answer.info.stamping.includes('rx-software'))
  t.equal(ethtool.linkSpeed('lo'), undefined)
  ethtool.close()
})

t.test('an interface that is not there is a fault', async (t) => {
  const ethtool = new Ethtool()
  t.match(ethtool.tsInfo('no-such-nic'), {
    ok: false,
    fault: { code: 'NO_DEVICE', syscall: 'ioctl(ETHTOOL_GET_TS_INFO)', errno: 'ENODEV' },
  })
  ethtool.close()
  t.match(ethtool.tsInfo('lo'), { ok: false, fault: { errno: 'EBADF' } })
})
