import t from 'tap'
import { isAddress, isOwnNetwork, ownAddresses } from '../../agent/sources/ntp-networks.ts'

t.test('a literal is told from a name', async (t) => {
  const literals = ['10.99.0.1', '::1', '::', 'fe80::1%eth0', '2001:db8::a:b', '::ffff:192.0.2.1']
  for (const literal of [...literals, '1:2:3:4:5:6:7:8']) t.ok(isAddress(literal), literal)
  const names = ['ntp1.example', '0.pool', '10.99.0.1.example', 'localhost', '', '10.0.0.0/8']
  const broken = ['256.1.1.1', '1::2::3', '1:2:3', '1:2:3:4:5:6:7:8:9', '::12345', 'a:b', '1:::2']
  for (const name of [...names, ...broken]) t.notOk(isAddress(name), name)
})

t.test('loopback, private and link-local networks are our own', async (t) => {
  const own = ['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.9.9', '169.254.169.123']
  for (const address of [...own, '::1', 'fd00:ec2::123', 'fe80::1%eth0']) {
    t.ok(isOwnNetwork(address, []), address)
  }
  const others = ['172.32.0.1', '192.0.2.1', '8.8.8.8', '100.64.0.1', '2001:db8::1', 'fec0::1']
  for (const address of [...others, 'ntp.example']) t.notOk(isOwnNetwork(address, []), address)
})

t.test('so is what is directly connected', async (t) => {
  const connected = ['192.0.2.7/24', '2001:db8:1::7/64', 'nonsense']
  t.ok(isOwnNetwork('192.0.2.200', connected))
  t.ok(isOwnNetwork('2001:db8:1::123', connected))
  t.notOk(isOwnNetwork('192.0.3.1', connected))
  t.notOk(isOwnNetwork('2001:db8:2::123', connected))
})

t.test('our own addresses are those that a reference id can show', async (t) => {
  t.same([...ownAddresses(['192.0.2.7/24', '127.0.0.1/8', 'fe80::1/64'])], ['192.0.2.7'])
})
