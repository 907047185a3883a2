/**
 * Data sets of one value or of texts: those that repeat a member of a larger data set so that it can
 * be set alone, the descriptions, the alternate time offsets (IEEE 1588-2019 clauses 15.5.3.1.2,
 * 15.5.3.3 to 15.5.3.7, 16.3). Each has reserved bytes up to an even length.
 */
import {
  bits,
  counted,
  flags,
  i8,
  i32,
  named,
  padded,
  struct,
  text8,
  times,
  truth,
  u8,
  u16,
  u48,
} from './management-fields.ts'
import { DELAY_MECHANISMS, dataSet, NETWORK_PROTOCOLS } from './management-parts.ts'

export const PLAIN_SETS = {
  CLOCK_DESCRIPTION: dataSet(
    0x0001,
    'port',
    struct({
      clockType: u16, // 0x8000 ordinary, 0x4000 boundary clock
      physicalLayerProtocol: text8,
      physicalAddress: counted(u16, u8),
      networkProtocol: named(u16, NETWORK_PROTOCOLS),
      protocolAddress: counted(u16, u8),
      manufacturerIdentity: padded(times(u8, 3), 1),
      productDescription: text8,
      revisionData: text8,
      userDescription: text8,
      profileIdentity: times(u8, 6),
    }),
  ),
  USER_DESCRIPTION: dataSet(0x0002, 'clock', struct({ userDescription: text8 })),
  PRIORITY1: dataSet(0x2005, 'clock', struct({ priority1: padded(u8, 1) })),
  PRIORITY2: dataSet(0x2006, 'clock', struct({ priority2: padded(u8, 1) })),
  DOMAIN: dataSet(0x2007, 'clock', struct({ domainNumber: padded(u8, 1) })),
  // bit 0 by the standard and by linuxptp 4.2; 3.1.1 sends bit 1
  SLAVE_ONLY: dataSet(0x2008, 'clock', struct({ slaveOnly: padded(truth(u8), 1) })),
  LOG_ANNOUNCE_INTERVAL: dataSet(0x2009, 'port', struct({ logAnnounceInterval: padded(i8, 1) })),
  ANNOUNCE_RECEIPT_TIMEOUT: dataSet(
    0x200a,
    'port',
    struct({ announceReceiptTimeout: padded(u8, 1) }),
  ),
  LOG_SYNC_INTERVAL: dataSet(0x200b, 'port', struct({ logSyncInterval: padded(i8, 1) })),
  VERSION_NUMBER: dataSet(0x200c, 'port', struct({ versionNumber: padded(u8, 1) })),
  CLOCK_ACCURACY: dataSet(0x2010, 'clock', struct({ clockAccuracy: padded(u8, 1) })),
  TRACEABILITY_PROPERTIES: dataSet(
    0x2012,
    'clock',
    struct({ flags: padded(bits({ timeTraceable: 4, frequencyTraceable: 5 }), 1) }),
  ),
  TIMESCALE_PROPERTIES: dataSet(
    0x2013,
    'clock',
    struct({ flags: padded(bits({ ptpTimescale: 3 }), 1) }),
  ),
  // the key chooses one of several offsets; a GET without data tells that of key 0
  ALTERNATE_TIME_OFFSET_ENABLE: dataSet(
    0x201e,
    'clock',
    struct({ keyField: u8, flags: flags('enable') }),
  ),
  ALTERNATE_TIME_OFFSET_NAME: dataSet(
    0x201f,
    'clock',
    struct({ keyField: u8, displayName: text8 }),
  ),
  ALTERNATE_TIME_OFFSET_PROPERTIES: dataSet(
    0x2021,
    'clock',
    struct({
      keyField: u8,
      currentOffset: i32, // seconds
      jumpSeconds: i32,
      timeOfNextJump: padded(u48, 1), // seconds of the PTP time scale
    }),
  ),
  MASTER_ONLY: dataSet(0x3001, 'port', struct({ flags: padded(flags('masterOnly'), 1) })),
  DELAY_MECHANISM: dataSet(
    0x6000,
    'port',
    struct({ delayMechanism: padded(named(u8, DELAY_MECHANISMS), 1) }),
  ),
  LOG_MIN_PDELAY_REQ_INTERVAL: dataSet(
    0x6001,
    'port',
    struct({ logMinPdelayReqInterval: padded(i8, 1) }),
  ),
} as const
