/**
 * PTP profiles as data: the options of ptp4l that differ from its defaults, each with its reason.
 * Sources: IEEE 1588-2019 annex I.3 (default E2E), ITU-T G.8275.1 table A.5 and G.8275.2 table A.5,
 * IEEE 802.1AS-2020 clause 10.7 and 11.5; the example configurations of linuxptp.
 */
import { type Conf, MASTER_TABLE, parseConf } from './ptp4l-conf.ts'

export const PROFILE_NAMES = ['default', 'G.8275.1', 'G.8275.2', 'gPTP'] as const
export type ProfileName = (typeof PROFILE_NAMES)[number]

interface ProfileOption {
  readonly name: string
  readonly value: string
  readonly why: string
}

export interface ProfileData {
  readonly title: string
  /** Domain numbers that the profile allows, and the one that it starts with. */
  readonly domains: { readonly first: number; readonly low: number; readonly high: number }
  readonly options: readonly ProfileOption[]
}

const option = (name: string, value: string, why: string): ProfileOption => ({ name, value, why })

const TELECOM = [
  option('dataset_comparison', 'G.8275.x', 'the alternate best master clock algorithm'),
  option('G.8275.defaultDS.localPriority', '128', 'ties are broken by each clock for itself'),
  option('G.8275.portDS.localPriority', '128', 'and by each port'),
  option('maxStepsRemoved', '255', 'no limit to the length of a chain'),
]

export const PROFILES: Readonly<Record<ProfileName, ProfileData>> = {
  default: {
    title: 'IEEE 1588 default profile, delay request-response (E2E)',
    domains: { first: 0, low: 0, high: 127 },
    options: [
      option('network_transport', 'UDPv4', 'multicast to 224.0.1.129'),
      option('delay_mechanism', 'E2E', 'the path is measured from end to end'),
      option('logAnnounceInterval', '1', 'Announce each 2 s'),
      option('logSyncInterval', '0', 'Sync each second'),
      option('logMinDelayReqInterval', '0', 'Delay_Req each second'),
      option('announceReceiptTimeout', '3', 'a server is lost after 3 intervals'),
    ],
  },
  'G.8275.1': {
    title: 'ITU-T G.8275.1, phase with full timing support from the network',
    domains: { first: 24, low: 24, high: 43 },
    options: [
      ...TELECOM,
      option('network_transport', 'L2', 'Ethernet frames, no IP'),
      option('ptp_dst_mac', '01:80:C2:00:00:0E', 'not forwarded by bridges'),
      option('delay_mechanism', 'E2E', 'the peer mechanism is not part of the profile'),
      option('logAnnounceInterval', '-3', '8 Announce a second'),
      option('logSyncInterval', '-4', '16 Sync a second'),
      option('logMinDelayReqInterval', '-4', '16 Delay_Req a second'),
      option('announceReceiptTimeout', '3', 'a server is lost after 375 ms'),
    ],
  },
  'G.8275.2': {
    title: 'ITU-T G.8275.2, phase with partial timing support, unicast',
    domains: { first: 44, low: 44, high: 63 },
    options: [
      ...TELECOM,
      option('network_transport', 'UDPv4', 'routed'),
      option('delay_mechanism', 'E2E', 'the peer mechanism is not part of the profile'),
      option('hybrid_e2e', '1', 'Delay_Req go to the server alone'),
      option('inhibit_multicast_service', '1', 'unicast only'),
      option('unicast_listen', '1', 'grants service to clients that ask'),
      option('unicast_req_duration', '60', 'a grant lasts 60 s'),
      option('logAnnounceInterval', '0', 'Announce each second'),
      option('announceReceiptTimeout', '3', 'a server is lost after 3 intervals'),
    ],
  },
  gPTP: {
    title: 'IEEE 802.1AS, generalised PTP',
    domains: { first: 0, low: 0, high: 127 },
    options: [
      option('gmCapable', '1', 'may become grandmaster'),
      option('priority1', '248', 'as an end station that others may outrank'),
      option('priority2', '248', 'the default of the standard'),
      option('network_transport', 'L2', 'Ethernet frames only'),
      option('ptp_dst_mac', '01:80:C2:00:00:0E', 'not forwarded by bridges'),
      option('transportSpecific', '0x1', 'marks 802.1AS on the wire'),
      option('delay_mechanism', 'P2P', 'every link is measured by itself'),
      option('logAnnounceInterval', '0', 'Announce each second'),
      option('logSyncInterval', '-3', '8 Sync a second'),
      option('syncReceiptTimeout', '3', 'a server without Sync is lost'),
      option('neighborPropDelayThresh', '800', 'ns; longer means a bridge without 802.1AS between'),
      option('min_neighbor_prop_delay', '-20000000', 'ns; room for stamps that are off'),
      option('assume_two_step', '1', 'some peers forget the flag'),
      option('path_trace_enabled', '1', 'finds loops'),
      option('follow_up_info', '1', 'the rate ratio travels with Follow_Up'),
    ],
  },
}

export interface UnicastServer {
  readonly transport: 'L2' | 'UDPv4' | 'UDPv6'
  readonly address: string
}

export interface ProfileUse {
  readonly interfaces: readonly string[]
  /** The profile's first one unless given. */
  readonly domain?: number
  /** Servers to ask (G.8275.2); none: this node only answers. */
  readonly unicastServers?: readonly UnicastServer[]
}

const TABLE_ID = 1

function tableLines(servers: readonly UnicastServer[]): string[] {
  if (servers.length === 0) return []
  const addresses = servers.map(({ transport, address }) => `${transport} ${address}`)
  return [`[${MASTER_TABLE}]`, `table_id ${TABLE_ID}`, 'logQueryInterval 2', ...addresses, '']
}

/** A configuration that follows a profile on these ports. More than one port makes a boundary clock. */
export function confOfProfile(name: ProfileName, use: ProfileUse): Conf {
  const { title, domains, options } = PROFILES[name]
  const { interfaces, domain = domains.first, unicastServers = [] } = use
  const table = tableLines(unicastServers)
  const port = table.length === 0 ? [] : [`unicast_master_table ${TABLE_ID}`]
  const global = options.flatMap(({ name, value, why }) => [`# ${why}`, `${name} ${value}`])
  const lines = [
    ...[`# ${title}`, '[global]', `domainNumber ${domain}`, ...global, ''],
    ...table,
    ...interfaces.flatMap((each) => [`[${each}]`, ...port]),
  ]
  return parseConf(`${lines.join('\n')}\n`).conf
}
