import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatVersion, isAtLeast, parseVersion } from '../../agent/config/linuxptp-version.ts'
import { confOfProfile, PROFILE_NAMES, PROFILES } from '../../agent/config/ptp-profiles.ts'
import { refusalsOf } from '../../agent/config/ptp4l-check.ts'
import {
  interfacesOf,
  optionsOf,
  parseConf,
  valueIn,
  withOption,
  withSection,
  writeConf,
} from '../../agent/config/ptp4l-conf.ts'
import { quoteWord, splitWords } from '../../agent/config/shell-words.ts'

const TEXT = `# head
[Global]
# comment
domainNumber\t 24  
 unknown_option  a b c
domainNumber 25

[unicast_master_table]
table_id 1
UDPv4 192.0.2.1
UDPv4 192.0.2.2
[eth0]
[eth1]
udp_ttl 2
`

t.test('sections and options are read, and written back byte for byte', async (t) => {
  const { conf, faults } = parseConf(TEXT)
  t.same(faults, [])
  t.equal(writeConf(conf), TEXT)
  t.same(conf.preamble, ['# head'])
  t.same(
    conf.sections.map(({ name, line }) => [name, line]),
    [
      ['global', 2],
      ['unicast_master_table', 8],
      ['eth0', 12],
      ['eth1', 13],
    ],
  )
  t.equal(valueIn(conf, 'global', 'domainNumber'), '25')
  t.equal(valueIn(conf, 'global', 'unknown_option'), 'a b c')
  t.equal(valueIn(conf, 'eth0', 'udp_ttl'), undefined)
  t.same(interfacesOf(conf), ['eth0', 'eth1'])
  const addresses = optionsOf(conf.sections[1]!).map(({ name, value, line }) => [name, value, line])
  t.same(addresses.slice(1), [
    ['UDPv4', '192.0.2.1', 10],
    ['UDPv4', '192.0.2.2', 11],
  ])
})

t.test('sections of other programs are no ports', async (t) => {
  const { conf } = parseConf('[nmea]\n[<synce1>]\n[{SMA1}]\n[ens1]\n[ens1]\n[global]\n')
  t.same(interfacesOf(conf), ['ens1'])
})

t.test('what ptp4l would refuse is a fault with its line', async (t) => {
  const text = `a b\n[global\nx\n[]\n[eth 0]\n[eth0] # port\n[eth1]\ny ${'z'.repeat(1100)}`
  t.same(parseConf(text).faults, [
    { line: 1, message: 'a b is in no section' },
    { line: 2, message: 'the section has no ]' },
    { line: 3, message: 'x has no value' },
    { line: 4, message: 'the section has no name' },
    { line: 5, message: 'white space in the name of a section' },
    { line: 6, message: 'words after the name of a section' },
    { line: 8, message: 'the line is too long for ptp4l' },
  ])
})

t.test('an option that is set takes every place that it has, or one at the end', async (t) => {
  const { conf } = parseConf(TEXT)
  const set = writeConf(withOption(conf, 'global', 'domainNumber', '44'))
  t.equal(set, TEXT.replace('domainNumber\t 24  ', 'domainNumber 44').replace('r 25', 'r 44'))
  const added = writeConf(withOption(conf, 'global', 'free_running', '1'))
  t.equal(added, TEXT.replace('domainNumber 25\n', 'domainNumber 25\nfree_running 1\n'))
  t.equal(writeConf(withOption(conf, 'eth2', 'udp_ttl', '3')), `${TEXT}[eth2]\nudp_ttl 3`)
  const empty = parseConf('[eth0]').conf
  t.equal(writeConf(withOption(empty, 'global', 'a', 'b')), '[global]\na b\n[eth0]')
  t.equal(withSection(conf, 'eth0'), conf)
})

t.test('what a release does not know is named with the release that brought it', async (t) => {
  const told = (text: string, version = '3.1.1') =>
    refusalsOf(parseConf(text).conf, parseVersion(version)!).map(
      ({ line, kind, message }) => `${line} ${kind}: ${message}`,
    )
  const newer = '[global]\nclientOnly 1\nsa_file /a\ndelay_mechanism NONE\n[eth0]\nserverOnly 1\n'
  t.same(told(newer), [
    '2 newer: clientOnly: since linuxptp 4.0, here is 3.1.1',
    '3 newer: sa_file: since linuxptp 4.4, here is 3.1.1',
    '4 newer: delay_mechanism NONE: since linuxptp 4.0, here is 3.1.1',
    '6 newer: serverOnly: since linuxptp 4.0, here is 3.1.1',
  ])
  t.same(told(newer, '4.2-2.el9'), ['3 newer: sa_file: since linuxptp 4.4, here is 4.2'])
  t.same(told(newer, '5.0'), [])
  const bad = `[global]
domainNumer 1
priority1 0x100
priority2 -1
logSyncInterval 1.5
step_threshold -1.0
max_frequency 09
timeSource 0xA0
fault_reset_interval asap
clock_servo PI
message_tag any text
[unicast_master_table]
udpv4 192.0.2.1
[eth0]
priority1 1
`
  t.same(told(bad), [
    '2 unknown: domainNumer: no known option (did you mean domainNumber?)',
    '3 value: priority1 0x100: must be from 0 to 255',
    '4 value: priority2 -1: must be from 0 to 255',
    '5 value: logSyncInterval 1.5: expected a whole number',
    '6 value: step_threshold -1.0: must be at least 0',
    '7 value: max_frequency 09: expected a whole number',
    '13 unknown: udpv4: no known option (did you mean UDPv4?)',
    '15 section: priority1 may stand in [global] only',
  ])
})

t.test('releases compare by number', async (t) => {
  t.same(parseVersion('v4.10'), [4, 10, 0])
  t.equal(parseVersion('four'), undefined)
  t.ok(isAtLeast([4, 10, 0], [4, 9, 9]))
  t.ok(isAtLeast([4, 0, 0], [4, 0, 0]))
  t.notOk(isAtLeast([3, 9, 9], [4, 0, 0]))
  t.equal(formatVersion([4, 0, 0]), '4.0')
})

t.test('words are split as sh does, without one', async (t) => {
  const words = (text: string) => {
    const split = splitWords(text)
    return split.ok ? split.words : split.message
  }
  t.same(words(''), [])
  t.same(words(' -a  -r\t-n 24\n'), ['-a', '-r', '-n', '24'])
  t.same(words(`--x="a b"'c d'e\\ f "" ''`), ['--x=a bc de f', '', ''])
  t.same(words('"a\\"b\\\\c\\d\\$e" \'a\\b\''), ['a"b\\c\\d$e', 'a\\b'])
  t.same(words('a\\\nb $(x); `y` *'), ['ab', '$(x);', '`y`', '*'])
  t.equal(words(`-a "b`), 'a " without its end (character 4)')
  t.equal(words(`-a 'b`), "a ' without its end (character 4)")
  t.equal(words('a\\'), 'a backslash at the end (character 2)')
  for (const word of ['', 'a b', "it's", '-2', '$x', '\n']) t.same(words(quoteWord(word)), [word])
})

t.test('the shipped profiles are what any release takes', async (t) => {
  for (const name of PROFILE_NAMES) {
    const { domains } = PROFILES[name]
    const conf = confOfProfile(name, { interfaces: ['eth0', 'eth1'] })
    t.same(refusalsOf(conf, [3, 1, 1]), [], name)
    t.same(interfacesOf(conf), ['eth0', 'eth1'])
    t.equal(valueIn(conf, 'global', 'domainNumber'), `${domains.first}`)
    t.ok(domains.low <= domains.first && domains.first <= domains.high)
  }
})

t.test('where linuxptp ships the same profile, no value differs', async (t) => {
  const folder = '/usr/share/doc/linuxptp/configs'
  for (const name of ['G.8275.1', 'G.8275.2', 'gPTP'] as const) {
    let text: string
    try {
      text = readFileSync(join(folder, `${name}.cfg`), 'utf8')
    } catch {
      t.comment(`${name}.cfg is not installed`)
      continue
    }
    const ours = confOfProfile(name, { interfaces: [] })
    const theirs = optionsOf(parseConf(text).conf.sections[0]!)
    t.ok(theirs.length > 5)
    // masterOnly 0 is ptp4l's own default
    for (const { name: option, value } of theirs.filter((each) => each.name !== 'masterOnly')) {
      t.equal(valueIn(ours, 'global', option), value, `${name} ${option}`)
    }
  }
})

t.test('unicast servers make a table, and each port uses it', async (t) => {
  const conf = confOfProfile('G.8275.2', {
    interfaces: ['eth0'],
    domain: 50,
    unicastServers: [{ transport: 'UDPv4', address: '192.0.2.1' }],
  })
  t.match(
    writeConf(conf),
    '[unicast_master_table]\ntable_id 1\nlogQueryInterval 2\nUDPv4 192.0.2.1\n\n[eth0]\nunicast_master_table 1\n',
  )
  t.equal(valueIn(conf, 'global', 'domainNumber'), '50')
})
