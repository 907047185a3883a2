import t from 'tap'
import { nanos, ppb } from '../../agent/core/units.ts'
import {
  ALL_PORTS,
  decodeManagement,
  encodeGet,
  encodeManagement,
  encodeSet,
  errorName,
  type ManagementMessage,
  renumbered,
} from '../../agent/sources/management.ts'
import {
  DATA_SETS,
  type DataSet,
  type DataSetName,
  dataSetOf,
  decodeDataSet,
  encodeDataSet,
  idName,
} from '../../agent/sources/management-data.ts'
import { NOTIFY } from '../../agent/sources/management-parts.ts'

// Golden vectors of ptp4l (linuxptp git of 2026, domain 24), taken from a live instance.

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

const pmc = { domain: 24, source: { clock: '000000.0000.0049ab', port: 0 } }
const HEADER = hex(encodeGet(pmc, 7, 'DEFAULT_DATA_SET')).slice(0, 96)

/** A message around a TLV, given from its type on. */
function message(tlv: string, action = 2): Uint8Array {
  const whole = bytes(HEADER + tlv.replaceAll(' ', ''))
  new DataView(whole.buffer).setUint16(2, whole.length)
  whole[46] = action
  return whole
}

function accepted(data: Uint8Array): ManagementMessage {
  const result = decodeManagement(data)
  if (!result.ok) throw new Error(`fault ${result.fault} at ${result.at}`)
  return result.value
}

t.test('a request under another number is the one that was made with it', async (t) => {
  const first = encodeGet(pmc, 7, 'DEFAULT_DATA_SET')
  t.same(renumbered(first, 0xabcd), encodeGet(pmc, 0xabcd, 'DEFAULT_DATA_SET'))
  t.same(first, encodeGet(pmc, 7, 'DEFAULT_DATA_SET'), 'which is as it was')
})

t.test('a GET is byte for byte what pmc sends', async (t) => {
  const golden =
    '0d12003618000000000000000000000000000000000000000000000049ab0000007fffffffffffffffffffff00000000000100022000'
  const clock = '000000.0000.000000'
  t.equal(
    hex(encodeGet({ domain: 24, source: { clock, port: 0x49ab } }, 0, 'DEFAULT_DATA_SET')),
    golden,
  )
  const { body, ...header } = accepted(bytes(golden))
  t.same(header, {
    domain: 24,
    source: { clock, port: 0x49ab },
    target: ALL_PORTS,
    sequenceId: 0,
    startingBoundaryHops: 0,
    boundaryHops: 0,
    action: 'GET',
  })
  t.same(body, { kind: 'empty', id: 0x2000 })
})

const GOLDEN: readonly [DataSetName, string, unknown][] = [
  [
    'DEFAULT_DATA_SET',
    '0100 0001 80 f8feffff 80 000000fffe000000 18 00',
    {
      flags: { twoStep: true, slaveOnly: false },
      numberPorts: 1,
      priority1: 128,
      clockQuality: { clockClass: 248, clockAccuracy: 0xfe, offsetScaledLogVariance: 0xffff },
      priority2: 128,
      clockIdentity: '000000.fffe.000000',
      domainNumber: 24,
    },
  ],
  [
    'CURRENT_DATA_SET',
    '0001 ffffffffffc40000 0000000009180000',
    { stepsRemoved: 1, offsetFromMaster: -60, meanPathDelay: 2328 },
  ],
  [
    'PARENT_DATA_SET',
    '663ba0fffe5453890001 00 00 ffff 7fffffff 80 0621ffff 80 663ba0fffe545389',
    {
      parentPortIdentity: { clock: '663ba0.fffe.545389', port: 1 },
      parentStats: 0,
      observedParentOffsetScaledLogVariance: 0xffff,
      observedParentClockPhaseChangeRate: 0x7fffffff,
      grandmasterPriority1: 128,
      grandmasterClockQuality: {
        clockClass: 6,
        clockAccuracy: 0x21,
        offsetScaledLogVariance: 0xffff,
      },
      grandmasterPriority2: 128,
      grandmasterIdentity: '663ba0.fffe.545389',
    },
  ],
  [
    'TIME_PROPERTIES_DATA_SET',
    '0025 00 20',
    {
      currentUtcOffset: 37,
      flags: {
        leap61: false,
        leap59: false,
        currentUtcOffsetValid: false,
        ptpTimescale: false,
        timeTraceable: false,
        frequencyTraceable: false,
        synchronizationUncertain: false,
      },
      timeSource: 'GNSS',
    },
  ],
  [
    'PORT_DATA_SET',
    'c61ef4fffe3c3e730001 08 fd 0000000000000000 01 03 fd 01 00 02',
    {
      portIdentity: { clock: 'c61ef4.fffe.3c3e73', port: 1 },
      portState: 'UNCALIBRATED',
      logMinDelayReqInterval: -3,
      peerMeanPathDelay: 0,
      logAnnounceInterval: 1,
      announceReceiptTimeout: 3,
      logSyncInterval: -3,
      delayMechanism: 'E2E',
      logMinPdelayReqInterval: 0,
      versionNumber: 2,
    },
  ],
  [
    'TIME_STATUS_NP',
    'ffffffffffffff56 18ea8d751d8fef70 00000000 00000000 0000 000000000000000000000000 00000001 663ba0fffe545389',
    {
      masterOffset: -170,
      ingressTime: 0x18ea8d751d8fef70n,
      cumulativeRateOffset: 0,
      lastGmFrequencyChange: 0,
      gmTimeBaseIndicator: 0,
      lastGmPhaseChange: 0,
      gmPresent: true,
      gmIdentity: '663ba0.fffe.545389',
    },
  ],
  [
    'GRANDMASTER_SETTINGS_NP',
    'f8 fe ffff 0025 00 a0',
    {
      clockQuality: { clockClass: 248, clockAccuracy: 0xfe, offsetScaledLogVariance: 0xffff },
      currentUtcOffset: 37,
      flags: {
        leap61: false,
        leap59: false,
        currentUtcOffsetValid: false,
        ptpTimescale: false,
        timeTraceable: false,
        frequencyTraceable: false,
        synchronizationUncertain: false,
      },
      timeSource: 'INTERNAL_OSCILLATOR',
    },
  ],
  [
    'PORT_DATA_SET_NP',
    '01312d00 00000001',
    { neighborPropDelayThresh: 20_000_000, asCapable: true },
  ],
  [
    'PORT_PROPERTIES_NP',
    '000000fffe000000 0001 06 00 02 6c6f 00',
    {
      portIdentity: { clock: '000000.fffe.000000', port: 1 },
      portState: 'MASTER',
      timestamping: 'software',
      interface: 'lo',
    },
  ],
  [
    'PORT_HWCLOCK_NP',
    '000000fffe000000 0001 ffffffff 00 00',
    {
      portIdentity: { clock: '000000.fffe.000000', port: 1 },
      phcIndex: -1,
      flags: { virtual: false },
    },
  ],
  [
    'PORT_CORRECTIONS_NP',
    '0000640000000000 0000fbffffffffff 0000000000000000',
    { egressLatency: 100, ingressLatency: -5, delayAsymmetry: 0 },
  ],
  [
    'SUBSCRIBE_EVENTS_NP',
    `003c 07${'00'.repeat(63)}`,
    { duration: 60, events: [NOTIFY.portState, NOTIFY.timeSync, NOTIFY.parent] },
  ],
  [
    'CLOCK_DESCRIPTION',
    '8000 0a 49454545203830322e33 0006 cee3ceb46310 0001 0004 0a090001 000000 00 02 3b3b 02 3b3b 00 001b19000100',
    {
      clockType: 0x8000,
      physicalLayerProtocol: 'IEEE 802.3',
      physicalAddress: [0xce, 0xe3, 0xce, 0xb4, 0x63, 0x10],
      networkProtocol: 'UDP_IPV4',
      protocolAddress: [10, 9, 0, 1],
      manufacturerIdentity: [0, 0, 0],
      productDescription: ';;',
      revisionData: ';;',
      userDescription: '',
      profileIdentity: [0, 0x1b, 0x19, 0, 1, 0],
    },
  ],
  ['USER_DESCRIPTION', '0000', { userDescription: '' }],
  ['PRIORITY1', '8000', { priority1: 128 }],
  ['PRIORITY2', '8000', { priority2: 128 }],
  ['DOMAIN', '1800', { domainNumber: 24 }],
  ['SLAVE_ONLY', '0100', { slaveOnly: true }],
  ['LOG_ANNOUNCE_INTERVAL', '0100', { logAnnounceInterval: 1 }],
  ['ANNOUNCE_RECEIPT_TIMEOUT', '0300', { announceReceiptTimeout: 3 }],
  ['LOG_SYNC_INTERVAL', 'fe00', { logSyncInterval: -2 }],
  ['VERSION_NUMBER', '0200', { versionNumber: 2 }],
  ['CLOCK_ACCURACY', 'fe00', { clockAccuracy: 0xfe }],
  [
    'TRACEABILITY_PROPERTIES',
    '2000',
    { flags: { timeTraceable: false, frequencyTraceable: true } },
  ],
  ['TIMESCALE_PROPERTIES', '0800', { flags: { ptpTimescale: true } }],
  ['ALTERNATE_TIME_OFFSET_ENABLE', '0101', { keyField: 1, flags: { enable: true } }],
  ['ALTERNATE_TIME_OFFSET_NAME', '0103 434554 00', { keyField: 1, displayName: 'CET' }],
  [
    'ALTERNATE_TIME_OFFSET_PROPERTIES',
    '01 00000e10 fffff1f0 000069cc4600 00',
    { keyField: 1, currentOffset: 3600, jumpSeconds: -3600, timeOfNextJump: 0x69cc4600 },
  ],
  ['MASTER_ONLY', '0100', { flags: { masterOnly: true } }],
  ['DELAY_MECHANISM', '0200', { delayMechanism: 'P2P' }],
  ['LOG_MIN_PDELAY_REQ_INTERVAL', '0000', { logMinPdelayReqInterval: 0 }],
]

for (const [name, data, value] of GOLDEN) {
  t.test(`${name} as a live ptp4l sends it`, async (t) => {
    const raw = bytes(data)
    t.same(decodeDataSet(name, raw), { name, value })
    t.equal(hex(encodeDataSet({ name, value } as DataSet)), hex(raw), 'and back')
  })
}

t.test('an answer from its TLV on is unwrapped to its data set', async (t) => {
  const { body, action } = accepted(
    message('0001 0016 2000 0100 0001 80 f8feffff 80 000000fffe000000 18 00'),
  )
  t.equal(action, 'RESPONSE')
  t.equal(body.kind === 'data' && body.set.name, 'DEFAULT_DATA_SET')
})

t.test('a SET carries its data', async (t) => {
  const set = {
    name: 'SUBSCRIBE_EVENTS_NP',
    value: { duration: 60, events: [NOTIFY.portState, NOTIFY.timeSync, NOTIFY.parent] },
  } as const
  const sent = encodeSet(pmc, 9, set)
  t.match(hex(sent).slice(96), /^00010044c003003c07(00)+$/)
  t.equal(sent.length, 54 + 66)
  t.same(accepted(sent).body, { kind: 'data', id: 0xc003, set })
})

t.test('error answers name the error and the id', async (t) => {
  for (const [tlv, error, id] of [
    ['0002 0008 0002 c0ff 00000000', 'NO_SUCH_ID', '0xc0ff'],
    ['0002 0008 0003 2005 00000000', 'WRONG_LENGTH', 'PRIORITY1'],
    ['0002 0008 0006 c004 00000000', 'NOT_SUPPORTED', 'PORT_PROPERTIES_NP'],
  ] as const) {
    const { body } = accepted(message(tlv))
    t.equal(body.kind, 'error')
    t.equal(body.kind === 'error' && errorName(body.errorId), error)
    t.equal(idName(body.id), id)
    t.equal(hex(encodeManagement(accepted(message(tlv)))), hex(message(tlv)))
  }
  t.equal(errorName(77), '77')
})

t.test('an error answer may carry a text', async (t) => {
  const tlv = '0002 000e fffe 2005 00000000 05 6f6f707321'
  const answer = accepted(message(tlv))
  t.same(answer.body, { kind: 'error', id: 0x2005, errorId: 0xfffe, text: 'oops!' })
  t.equal(hex(encodeManagement(answer)), hex(message(tlv)))
  const cut = accepted(message('0002 000a 0001 2005 00000000 096f'))
  t.equal(cut.body.kind === 'error' && cut.body.text, '', 'a text that is cut off is dropped')
})

t.test('counters of the port statistics are little endian', async (t) => {
  const data = bytes(`000000fffe0000000001 0400000000000000${'00'.repeat(31 * 8)}`)
  const set = decodeDataSet('PORT_STATS_NP', data)
  t.equal(set?.name === 'PORT_STATS_NP' && set.value.received[0], 4)
})

t.test('SLAVE_ONLY of 3.1.1 is bit 1, that of 4.2 bit 0', async (t) => {
  for (const data of ['0200', '0100']) {
    t.same(decodeDataSet('SLAVE_ONLY', bytes(data))?.value, { slaveOnly: true })
  }
})

t.test('port corrections are understood in either byte order', async (t) => {
  const network = bytes('0000000000640000 fffffffffffb0000 0000000000000000')
  t.same(decodeDataSet('PORT_CORRECTIONS_NP', network)?.value, {
    egressLatency: 100,
    ingressLatency: -5,
    delayAsymmetry: 0,
  })
})

t.test('every data set survives its own encoding', async (t) => {
  const identity = { clock: '001122.3344.556677', port: 3 }
  const service = {
    announceTimeout: 1,
    syncTimeout: 2,
    delayTimeout: 3,
    unicastServiceTimeout: 4,
    unicastRequestTimeout: 5,
    masterAnnounceTimeout: 6,
    masterSyncTimeout: 7,
    qualificationTimeout: 8,
    syncMismatch: 9,
    followupMismatch: 2 ** 40,
  }
  const counters = Array.from({ length: 16 }, (_, n) => n * 1000)
  const more: DataSet[] = [
    {
      name: 'PORT_STATS_NP',
      value: { portIdentity: identity, received: counters, sent: counters },
    },
    { name: 'PORT_SERVICE_STATS_NP', value: { portIdentity: identity, ...service } },
    { name: 'SYNCHRONIZATION_UNCERTAIN_NP', value: { uncertain: 'dont-care' } },
    {
      name: 'UNICAST_MASTER_TABLE_NP',
      value: {
        masters: [4, 16].map((length) => ({
          portIdentity: identity,
          clockQuality: { clockClass: 6, clockAccuracy: 0x21, offsetScaledLogVariance: 20061 },
          selected: length === 4,
          state: 'HAVE_SYDY' as const,
          priority1: 1,
          priority2: 2,
          networkProtocol: length === 4 ? ('UDP_IPV4' as const) : ('UDP_IPV6' as const),
          address: Array.from({ length }, (_, n) => n),
        })),
      },
    },
    {
      name: 'POWER_PROFILE_SETTINGS_NP',
      value: {
        version: 'C37_238_2017',
        grandmasterId: 3,
        grandmasterTimeInaccuracy: 250,
        networkTimeInaccuracy: 1000,
        totalTimeInaccuracy: 0xffffffff,
      },
    },
    {
      name: 'CMLDS_INFO_NP',
      value: { meanLinkDelay: nanos(312.5), neighborRateRatio: ppb(0), asCapable: true },
    },
    {
      name: 'EXTERNAL_GRANDMASTER_PROPERTIES_NP',
      value: { gmIdentity: '001122.3344.556677', stepsRemoved: 2 },
    },
  ]
  for (const set of more) t.same(decodeDataSet(set.name, encodeDataSet(set)), set, set.name)
  const covered = new Set([...GOLDEN.map(([name]) => name), ...more.map(({ name }) => name)])
  t.same([...covered].sort(), Object.keys(DATA_SETS).sort(), 'none was forgotten')
})

t.test('sizes are those of the structures of linuxptp', async (t) => {
  const zeros = new Uint8Array(300)
  const sizes: Record<string, number> = {}
  for (const name of Object.keys(DATA_SETS) as DataSetName[]) {
    const set = decodeDataSet(name, zeros)
    sizes[name] = set === undefined ? -1 : encodeDataSet(set).length
  }
  t.same(sizes, {
    CLOCK_DESCRIPTION: 22,
    USER_DESCRIPTION: 2,
    PRIORITY1: 2,
    PRIORITY2: 2,
    DOMAIN: 2,
    SLAVE_ONLY: 2,
    LOG_ANNOUNCE_INTERVAL: 2,
    ANNOUNCE_RECEIPT_TIMEOUT: 2,
    LOG_SYNC_INTERVAL: 2,
    VERSION_NUMBER: 2,
    CLOCK_ACCURACY: 2,
    TRACEABILITY_PROPERTIES: 2,
    TIMESCALE_PROPERTIES: 2,
    ALTERNATE_TIME_OFFSET_ENABLE: 2,
    ALTERNATE_TIME_OFFSET_NAME: 2,
    ALTERNATE_TIME_OFFSET_PROPERTIES: 16,
    MASTER_ONLY: 2,
    DELAY_MECHANISM: 2,
    LOG_MIN_PDELAY_REQ_INTERVAL: 2,
    DEFAULT_DATA_SET: 20,
    CURRENT_DATA_SET: 18,
    PARENT_DATA_SET: 32,
    TIME_PROPERTIES_DATA_SET: 4,
    PORT_DATA_SET: 26,
    TIME_STATUS_NP: 50,
    GRANDMASTER_SETTINGS_NP: 8,
    PORT_DATA_SET_NP: 8,
    SUBSCRIBE_EVENTS_NP: 66,
    PORT_PROPERTIES_NP: 14,
    PORT_STATS_NP: 266,
    SYNCHRONIZATION_UNCERTAIN_NP: 2,
    PORT_SERVICE_STATS_NP: 90,
    UNICAST_MASTER_TABLE_NP: 2,
    PORT_HWCLOCK_NP: 16,
    POWER_PROFILE_SETTINGS_NP: 16,
    CMLDS_INFO_NP: 16,
    PORT_CORRECTIONS_NP: 24,
    EXTERNAL_GRANDMASTER_PROPERTIES_NP: 10,
  })
})

t.test('a rate is 2^-41 on the wire and ppb afterwards; a phase change has 96 bits', async (t) => {
  const data = bytes(
    `0000000000000000 0000000000000000 00200000 ffe00000 0001 ffff ffffffffffffff9c 8000 00000001 ${'00'.repeat(8)}`,
  )
  const set = decodeDataSet('TIME_STATUS_NP', data)
  t.ok(set?.name === 'TIME_STATUS_NP')
  if (set?.name !== 'TIME_STATUS_NP') return
  t.ok(Math.abs(set.value.cumulativeRateOffset - 953.674) < 0.001)
  t.equal(set.value.cumulativeRateOffset, -set.value.lastGmFrequencyChange)
  t.equal(set.value.lastGmPhaseChange, -99.5)
  t.equal(hex(encodeDataSet(set)), hex(data))
})

t.test('longer data is a later version, shorter data is a fault', async (t) => {
  const longer = accepted(message('0001 0008 2003 0025 0c 20 abcd'))
  t.equal(
    longer.body.kind === 'data' &&
      longer.body.set.name === 'TIME_PROPERTIES_DATA_SET' &&
      longer.body.set.value.currentUtcOffset,
    37,
  )
  t.match(decodeManagement(message('0001 0004 2003 0025')), { ok: false, fault: 'short-data' })
  t.match(decodeManagement(message('0002 0006 0002 c0ff 0000')), { fault: 'short-data' })
})

t.test('the zeros with which pmc fills a GET are not data', async (t) => {
  const { body } = accepted(message('0001 0006 2003 00000000', 0))
  t.same(body, { kind: 'empty', id: 0x2003 })
})

t.test('an answer without data is no fault: the read-only socket does that', async (t) => {
  t.same(accepted(message('0001 0002 c003')).body, { kind: 'empty', id: 0xc003 })
})

t.test('data of an unknown id is kept as it is', async (t) => {
  const data = message('0001 0006 00ff 04414243')
  const { body } = accepted(data)
  t.same(body, { kind: 'other', id: 0xff, bytes: bytes('04414243') })
  t.equal(hex(encodeManagement(accepted(data))), hex(data))
  const odd = encodeManagement({
    ...accepted(data),
    body: { kind: 'other', id: 0xff, bytes: bytes('04') },
  })
  t.equal(odd.length % 2, 0)
  t.equal(dataSetOf(0xff), undefined)
})

t.test('what follows the first TLV is left alone', async (t) => {
  const { body } = accepted(message('0001 0006 2003 0025 0c 20 8009 0004 00000000'))
  t.equal(body.kind, 'data')
})

t.test('each way to be malformed has a name', async (t) => {
  const good = message('0001 0006 2003 0025 0c 20')
  const broken = (at: number, ...values: number[]): unknown => {
    const copy = Uint8Array.from(good)
    copy.set(values, at)
    return decodeManagement(copy)
  }
  t.match(decodeManagement(new Uint8Array(0)), { fault: 'truncated', at: 0 })
  t.match(decodeManagement(good.slice(0, -1)), { fault: 'truncated' })
  t.match(broken(0, 0x0b), { fault: 'not-management', at: 0 })
  t.match(broken(1, 0x11), { fault: 'bad-version', at: 1 })
  t.match(broken(2, 0, 53), { fault: 'bad-length', at: 2 })
  t.match(broken(46, 5), { fault: 'bad-action', at: 46 })
  t.match(broken(48, 0, 3), { fault: 'bad-tlv', at: 48 })
  t.match(broken(50, 0, 0), { fault: 'bad-length', at: 50 })
  t.match(broken(50, 0, 5), { fault: 'bad-length', at: 50 })
  t.match(broken(50, 0, 8), { fault: 'bad-length', at: 50 })
  t.match(broken(1, 0x02), { ok: true }, 'the minor version does not matter')
})

t.test('bytes that lie inside a larger buffer are read where they are', async (t) => {
  const good = message('0001 0006 2003 0025 0c 20')
  const large = new Uint8Array(200).fill(0xff)
  large.set(good, 50)
  t.same(decodeManagement(large.subarray(50, 50 + good.length)), decodeManagement(good))
})

t.test('values out of range are clamped, never thrown', async (t) => {
  const value = {
    stepsRemoved: 70_000,
    offsetFromMaster: nanos(Number.NaN),
    meanPathDelay: nanos(-1e300),
  }
  const data = encodeDataSet({ name: 'CURRENT_DATA_SET', value })
  t.equal(hex(data), 'ffff00000000000000008000000000000000')
})

t.test('codes without a name keep their number', async (t) => {
  const data = bytes('0025 00 33')
  const set = decodeDataSet('TIME_PROPERTIES_DATA_SET', data)
  t.equal(set?.name === 'TIME_PROPERTIES_DATA_SET' && set.value.timeSource, '51')
  if (set !== undefined) t.equal(hex(encodeDataSet(set)), hex(data))
})
