import type { Nic, Phc } from '../../agent/core/nic.ts'

/** A physical NIC that can serve PTP. */
export const nic = (name: string, changes: Partial<Nic> = {}): Nic => ({
  key: `pci:0000:01:00.0/${name}`,
  name,
  kind: 'physical',
  mac: '02:00:00:00:00:01',
  operstate: 'up',
  speedMbps: 25_000,
  driver: 'ice',
  driverVersion: '6.1.0',
  firmwareVersion: '4.40 0x8001c967',
  pci: '0000:01:00.0',
  ids: '8086:1593',
  master: '',
  lower: [],
  bond: null,
  phcIndex: 0,
  stamping: ['tx-hardware', 'rx-hardware', 'raw-hardware'],
  txTypes: ['off', 'on'],
  rxFilters: ['none', 'all'],
  fault: '',
  ...changes,
})

export const phc = (index: number, changes: Partial<Phc> = {}): Phc => ({
  index,
  device: `/dev/ptp${index}`,
  clockName: `clock ${index}`,
  driver: 'ice',
  pci: '0000:01:00.0',
  maxAdjustmentPpb: 999_999_999,
  externalTimestamps: 3,
  periodicOutputs: 4,
  programmablePins: 5,
  pins: ['SDP0'],
  pps: true,
  virtualClocks: 0,
  maxVirtualClocks: 20,
  physicalIndex: null,
  ...changes,
})
