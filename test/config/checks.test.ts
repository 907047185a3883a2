import t from 'tap'
import { formatFault } from '../../agent/config/faults.ts'
import { keyIdFaults, loadConfig } from '../../agent/config/load.ts'

const faultsOf = (text: string): string[] => {
  const loaded = loadConfig(text, 'f')
  return loaded.ok ? [] : loaded.faults.map(formatFault)
}
const messagesOf = (text: string): string[] =>
  faultsOf(text).map((line) => line.replace(/^f:\d+:\d+: /, ''))

t.test('a source is of exactly one kind', async (t) => {
  t.match(messagesOf('sources: [{chrony: {}, ptp4l: {}}, {}, 5]'), [
    'sources[0]: a source has exactly one of ntp, ptp4l, pps, chrony; here are 2 keys',
    'sources[1]: a source has exactly one of ntp, ptp4l, pps, chrony; here are 0 keys',
    /^sources\[2\]: expected a map/,
  ])
})

t.test('a server or a pool, not both and not neither', async (t) => {
  t.same(messagesOf('sources: [{ntp: {server: a, pool: b}}, {ntp: {}}]'), [
    'sources[0].ntp.pool: server and pool are two sources',
    'sources[1].ntp: server or pool is missing',
  ])
})

t.test('the shortest poll is not above the longest, defaults included', async (t) => {
  const ntp = (keys: string) => messagesOf(`sources: [{ntp: {server: a, ${keys}}}]`)
  t.same(ntp('minpoll: 5, maxpoll: 4'), ['sources[0].ntp.minpoll: minpoll 5 is above maxpoll 4'])
  t.same(ntp('minpoll: 11'), ['sources[0].ntp.minpoll: minpoll 11 is above maxpoll 10'])
  t.same(ntp('maxpoll: 4'), ['sources[0].ntp.minpoll: minpoll 6 is above maxpoll 4'])
  t.same(ntp('minpoll: 4, maxpoll: 4'), [])
})

t.test('what is named twice is refused', async (t) => {
  t.same(
    messagesOf(`
sources:
  - ntp: { server: Time.example }
  - ntp: { pool: time.example. }
  - ntp: { server: time.example, port: 1123 }
  - ptp4l: {}
  - ptp4l: { domain: 5 }
  - chrony: {}
  - chrony: {}
dns:
  targets: [{ server: 10.0.0.1 }, { server: 10.0.0.1, port: 53 }, { server: 10.0.0.1, port: 54 }]
`),
    [
      'sources[1].ntp: ntp time.example port 123 is named a second time',
      'sources[4].ptp4l: ptp4l /var/run/ptp4l is named a second time',
      'sources[6].chrony: chrony 127.0.0.1 port 323 is named a second time',
      'dns.targets[1].server: 10.0.0.1 port 53 is named a second time',
    ],
  )
  t.same(messagesOf('clocks: { "phc:ptp0": {}, "phc:/dev/ptp0": {}, "phc:eth0": {} }'), [
    'clocks["phc:/dev/ptp0"]: the same clock as phc:ptp0',
  ])
})

t.test('a driven clock that nothing can steer is refused', async (t) => {
  const drive = 'clocks: { system: { mode: drive } }\n'
  const refused = ['clocks.system: system is driven, but nothing under sources can steer it']
  t.same(messagesOf(drive), refused)
  t.same(messagesOf(`${drive}sources: [{chrony: {}}]`), refused)
  t.same(messagesOf(`${drive}sources: [{ntp: {server: a, noselect: true}}]`), refused)
  t.same(messagesOf(`${drive}sources: [{ntp: {server: a}}]`), [])
  t.same(messagesOf(`${drive}sources: [{ptp4l: {}}]`), [])
  t.same(messagesOf('clocks: { system: { mode: drive }, "phc:eth0": { mode: follow } }'), [])
  t.same(
    messagesOf('clocks: { "phc:eth0": { mode: drive } }'),
    [],
    'a PHC follows the system clock',
  )
})

t.test('a source with a fault of its own does not make the clock look unsteered', async (t) => {
  const text = 'clocks: { system: { mode: drive } }\nsources: [{ntp: {server: a, x: 1}}]'
  t.match(messagesOf(text), [/unknown key "x"/])
})

t.test('references that come back to their beginning are refused with the way', async (t) => {
  const clocks = (text: string) => messagesOf(`clocks: { ${text} }`)
  t.same(
    clocks(`system: {mode: drive, reference: phc:b}, "phc:a": {mode: drive, reference: system},
      "phc:b": {mode: drive, reference: [phc:a]}`),
    ['clocks.system: cycle of driven clocks: system -> phc:a -> phc:b -> system'],
  )
  t.same(
    clocks(
      '"phc:ptp0": {mode: auto, reference: phc:x}, "phc:x": {mode: drive, reference: phc:/dev/ptp0}',
    ),
    ['clocks["phc:ptp0"]: cycle of driven clocks: phc:ptp0 -> phc:x -> phc:ptp0'],
    'by whatever name',
  )
  t.same(
    clocks('system: {mode: drive, reference: phc:a}, "phc:a": {mode: drive}'),
    ['clocks.system: cycle of driven clocks: system -> phc:a -> system'],
    'the system clock steers a PHC of which no ptp4l tells',
  )
  t.same(clocks('system: {mode: drive, reference: phc:a}, "phc:a": {}'), [])
  t.same(
    clocks('"phc:a": {mode: drive, reference: phc:b}, "phc:b": {mode: drive, reference: system}'),
    [],
  )
})

t.test(
  'what steers nothing has no reference, and the system clock no automatic mode',
  async (t) => {
    t.same(messagesOf('clocks: {system: {mode: auto}, "phc:a": {reference: system}}'), [
      'clocks.system.mode: auto is for PHCs: the system clock is driven, followed or observed',
      'clocks["phc:a"].reference: reference needs mode drive or auto; phc:a is not steered by us',
    ])
    t.match(messagesOf('clocks: {"phc:a": {mode: drive, reference: eth0}}'), [
      /expected system, or phc:/,
    ])
  },
)

t.test('a cycle of driven clocks is refused with its path', async (t) => {
  const both = 'clocks: { system: { mode: drive }, "phc:eth0": { mode: drive } }\n'
  t.same(faultsOf(both), [
    'f:1:36: clocks["phc:eth0"]: cycle of driven clocks: system -> phc:eth0 -> system; nothing else steers either of them',
  ])
  t.same(messagesOf(`${both}sources: [{ntp: {server: a}}]`), [])
  t.same(messagesOf(`${both}sources: [{ptp4l: {}}]`), [])
  const malformed = 'clocks: { system: { mode: drive }, "phc:eth0": { mode: 5 } }\n'
  t.match(messagesOf(malformed), [/nothing under sources/, /expected one of/])
})

t.test('the address to listen on is an address and a port', async (t) => {
  for (const good of ['""', '0.0.0.0:9975', '"[::1]:9975"', '127.0.0.1:0']) {
    t.same(messagesOf(`listen: ${good}`), [], good)
  }
  const bad = (text: string) => messagesOf(`listen: ${text}`)
  const expected = 'listen: expected ADDRESS:PORT'
  t.same(bad('":9975"'), [`${expected} (did you mean 0.0.0.0:9975?)`])
  t.same(bad('"*:9975"'), [`${expected} (did you mean 0.0.0.0:9975?)`])
  t.same(bad('localhost:9975'), [`${expected} (did you mean 127.0.0.1:9975?)`])
  t.same(bad('"9975"'), [`${expected} (did you mean 127.0.0.1:9975?)`])
  t.same(bad('fe80::1:9975'), [`${expected} (did you mean "[fe80::1]:9975"?)`])
  t.same(bad('9975'), ['listen: expected text, got 9975 (did you mean 127.0.0.1:9975?)'])
  for (const none of ['10.0.0.1:99999', '10.0.0.1', 'example.net:80']) t.same(bad(none), [expected])
})

t.test('paths are absolute', async (t) => {
  t.same(messagesOf('socket: run/x\nstateDirectory: var'), [
    'socket: expected an absolute path',
    'stateDirectory: expected an absolute path, got "var"',
  ])
  t.same(messagesOf('socket: ""'), [])
})

t.test('a DNS server is an address, since the probe must not need the DNS', async (t) => {
  t.same(messagesOf('dns: { targets: [{ server: kube-dns }, {}, 5] }'), [
    'dns.targets[0].server: expected an IP address: the probe must not need the DNS that it probes, got "kube-dns"',
    'dns.targets[1]: server is missing',
    'dns.targets[2]: expected a map (key: value), got 5',
  ])
})

t.test('an NTP server is a host name or an address', async (t) => {
  const server = (text: string) => messagesOf(`sources: [{ntp: {server: ${text}}}]`).length
  for (const good of ['a', 'time_1.example.net.', '10.0.0.1', '"fe80::1%eth0"']) {
    t.equal(server(good), 0, good)
  }
  for (const bad of ['"a b"', '""', '10.0.0.256', '-a.example', 'a..b'])
    t.equal(server(bad), 1, bad)
})

t.test('a key of a source needs a file of keys, and is looked for in it', async (t) => {
  const text =
    'sources: [{ntp: {server: a, key: 5}}, {ntp: {server: b}}, {ntp: {pool: c, key: 7}}]\n'
  t.same(faultsOf(text), [
    'f:1:29: sources[0].ntp.key: a key needs keyFile at the top level, the file that it is in',
    'f:1:75: sources[2].ntp.key: a key needs keyFile at the top level, the file that it is in',
  ])
  const whole = `${text}keyFile: /etc/chrony.keys\n`
  t.same(faultsOf(whole), [])
  t.same(keyIdFaults(whole, 'f', [7, 8]).map(formatFault), [
    'f:1:34: sources[0].ntp.key: the key file has no key 5',
  ])
  t.same(keyIdFaults(whole, 'f', [5, 7]), [])
  t.match(messagesOf('keyFile: keys\nsources: [{ntp: {server: a, key: 0}}]'), [
    /^keyFile: expected an absolute path/,
    /^sources\[0\]\.ntp\.key: /,
  ])
})

t.test('the seventeenth ptp4l is refused, with its place', async (t) => {
  const text = (count: number): string =>
    Array.from(
      { length: count },
      (_, n) => `  - ptp4l: { socket: /var/run/ptp4l.${n}.socket }`,
    ).join('\n')
  t.same(messagesOf(`sources:\n${text(16)}`), [])
  const loaded = loadConfig(`sources:\n${text(18)}`, 'f')
  t.equal(loaded.ok, false)
  if (loaded.ok) return
  t.match(loaded.faults, [
    { line: 18, column: 5, message: 'at most 16 ptp4l can be watched' },
    { line: 19, column: 5 },
  ])
})
