import t from 'tap'
import { addressFamily, withPort } from '../../agent/dns/address.ts'

t.test('IPv4 is four decimal numbers', async (t) => {
  for (const good of ['0.0.0.0', '10.128.0.10', '255.255.255.255', '127.0.0.53']) {
    t.equal(addressFamily(good), 4, good)
  }
  for (const bad of ['256.0.0.1', '1.2.3', '1.2.3.4.5', '01.2.3.4', '1.2.3.4 ', '0x7f.1', '', '.'])
    t.equal(addressFamily(bad), undefined, bad)
})

t.test('IPv6 has eight groups, or fewer with one gap', async (t) => {
  const good = [
    '::',
    '::1',
    'fd00:10::a',
    'FE80::1%eth0',
    'fe80::1%eth0.100',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '::ffff:10.0.0.1',
    '1:2:3:4:5:6:10.0.0.1',
  ]
  for (const address of good) t.equal(addressFamily(address), 6, address)
  const bad = [
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1:2:3:4::5:6:7:8',
    'g::1',
    '12345::1',
    '::1%',
    '::1%a%b',
    '::10.0.0.256',
    '10.0.0.1::',
    '1:',
    ':1',
  ]
  for (const address of bad) t.equal(addressFamily(address), undefined, address)
})

t.test('the port is written where it is not the usual one', async (t) => {
  t.equal(withPort('10.0.0.1', 53, 53), '10.0.0.1')
  t.equal(withPort('10.0.0.1', 5353, 53), '10.0.0.1:5353')
  t.equal(withPort('fd00::1', 53, 53), 'fd00::1')
  t.equal(withPort('fd00::1', 5353, 53), '[fd00::1]:5353')
})
