import t from 'tap'
import { addressText } from '../../agent/observe/ptp-status.ts'
import { toStatus } from '../../agent/observe/status-json.ts'
import { ptpSource, snapshot } from './fixture.ts'

const detail = toStatus({ ...snapshot, sources: [ptpSource] }).sources[0]?.detail ?? {}

t.test('data sets are JSON with seconds and ppb told by the key', async (t) => {
  t.match(detail, {
    restarts: 1,
    refusedDataSets: { EXTERNAL_GRANDMASTER_PROPERTIES_NP: 'NO_SUCH_ID' },
    dataSets: {
      CURRENT_DATA_SET: { stepsRemoved: 1, offsetFromMasterSeconds: -3e-9 },
      PARENT_DATA_SET: { parentPortIdentity: { clock: '001122.fffe.334455', port: 1 } },
      TIME_STATUS_NP: {
        ingressTimeNanoseconds: '1780272037123456789',
        cumulativeRateOffsetPpb: -12.5,
        gmPresent: true,
      },
    },
    ports: [
      {
        stateSeconds: 3580,
        stateEntered: true,
        faulted: 1,
        traffic: {
          received: { Sync: { count: 28_640, perSecond: 8 }, Delay_Req: { perSecond: null } },
        },
        dataSets: {
          CLOCK_DESCRIPTION: {
            physicalAddress: 'c6:1e:f4:3c:3e:73',
            protocolAddress: 'fe80:0:0:0:0:0:0:1',
            profileIdentity: '00:1b:19:00:01:00',
          },
          UNICAST_MASTER_TABLE_NP: { masters: [{ address: '10.99.0.1', state: 'HAVE_SYDY' }] },
          POWER_PROFILE_SETTINGS_NP: {
            grandmasterTimeInaccuracySeconds: 2.5e-7,
            networkTimeInaccuracySeconds: null,
          },
          PORT_SERVICE_STATS_NP: { syncTimeout: 3 },
          CMLDS_INFO_NP: { meanLinkDelaySeconds: 3.125e-7, neighborRateRatioPpb: 20 },
        },
      },
    ],
  })
})

t.test('nothing that JSON cannot hold is left', async (t) => {
  t.same(JSON.parse(JSON.stringify(detail)), detail)
})

t.test('an address is written as its protocol writes it', async (t) => {
  t.equal(addressText('UDP_IPV4', [192, 0, 2, 1]), '192.0.2.1')
  t.equal(addressText('IEEE_802_3', [1, 0x1b, 0x19, 0, 0, 0]), '01:1b:19:00:00:00')
  t.equal(addressText('7', [10]), '0a', 'of an unknown protocol: the bytes')
})
