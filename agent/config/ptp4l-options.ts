/**
 * The options of linuxptp's configuration files: where each may stand, what it takes, and since which
 * release. Facts of config.c of linuxptp. What 3.1.1 knows is tested against the program itself; of what
 * came later the release is the one that has it at the latest.
 */
import { OLDEST, parseVersion, type Version } from './linuxptp-version.ts'

export interface OptionFact {
  readonly name: string
  /** Whether it may stand in the section of a port, too. */
  readonly port: boolean
  readonly kind: 'int' | 'float' | 'enum' | 'text'
  readonly low: number
  readonly high: number
  /** Words of an enum, each with the release that brought it. */
  readonly words: readonly { readonly word: string; readonly since: Version }[]
  readonly since: Version
}

// one option per line: where (g global, p also in a port's section), name, what it takes, `@since`
const TABLE = `
p active_key_id 0..4294967295 @4.4
p allow_unauth 0..2 @4.4
p allowedLostResponses 1..255 @4.0
p announceReceiptTimeout 2..255
p asCapable true|auto
g assume_two_step 0..1
p boundary_clock_jbod 0..1
p BMCA ptp|noop
g check_fup_sync 0..1
g clientOnly 0..1 @4.0
g clockAccuracy 0..255
g clockClass 0..255
g clockIdentity text
g clock_class_threshold 6..248 @4.0
g clock_servo pi|linreg|ntpshm|nullf|refclock_sock@4.0
g clock_type OC|BC|P2P_TC|E2E_TC
p cmlds.client_address text @4.4
p cmlds.domainNumber 0..255 @4.4
p cmlds.majorSdoId 0..15 @4.4
p cmlds.port 0..65535 @4.4
p cmlds.server_address text @4.4
g dataset_comparison ieee1588|G.8275.x
p delayAsymmetry int
p delay_filter moving_average|moving_median
p delay_filter_length 1..2147483647
p delay_mechanism Auto|E2E|P2P|NONE@4.0|COMMON_P2P@4.4
p delay_request_variability float 0..1 @4.4.1
p delay_response_timeout 0..255 @4.0
g dscp_event 0..63
g dscp_general 0..63
g domainNumber 0..127
p egressLatency int
p fault_badpeernet_interval fault -2147483648..2147483647
p fault_reset_interval fault -128..127
g first_step_threshold float 0..
p follow_up_info 0..1
g free_running 0..1
p freq_est_interval int
g G.8275.defaultDS.localPriority 1..255
p G.8275.portDS.localPriority 1..255
g gmCapable 0..1
g hwts_filter normal|check|full
p hybrid_e2e 0..1
p ignore_source_id 0..1
p ignore_transport_specific 0..1
p ingressLatency int
p inhibit_announce 0..1
p inhibit_delay_req 0..1
p inhibit_multicast_service 0..1
g initial_delay 0..2147483647
p interface_rate_tlv 0..1 @4.0
g kernel_leap 0..1
g leapfile text
p logAnnounceInterval -128..127
p logMinDelayReqInterval -128..127
p logMinPdelayReqInterval -128..127
p logSyncInterval -128..127
g logging_level 0..7
p masterOnly 0..1
g maxStepsRemoved 2..255
g message_tag text
g manufacturerIdentity text
g max_frequency 0..2147483647
p min_neighbor_prop_delay -2147483648..-1
p msg_interval_request 0..1
p neighborPropDelayThresh 0..2147483647
p net_sync_monitor 0..1
p network_transport L2|UDPv4|UDPv6
g ntpshm_segment int
g offsetScaledLogVariance 0..65535
p operLogPdelayReqInterval -128..127
p operLogSyncInterval -128..127
p p2p_dst_ipv4 text @4.0
p p2p_dst_ipv6 text @4.0
p p2p_dst_mac text
p path_trace_enabled 0..1
p phc_index -1..2147483647 @4.0
g pi_integral_const float 0..
g pi_integral_exponent float
g pi_integral_norm_max float 0..2
g pi_integral_scale float 0..
g pi_proportional_const float 0..
g pi_proportional_exponent float
g pi_proportional_norm_max float 0..1
g pi_proportional_scale float 0..
p power_profile.version none|2011|2017 @4.0
p power_profile.2011.grandmasterTimeInaccuracy -1..2147483647 @4.0
p power_profile.2011.networkTimeInaccuracy -1..2147483647 @4.0
p power_profile.2017.totalTimeInaccuracy -1..2147483647 @4.0
p power_profile.grandmasterID 0..65535 @4.0
g priority1 0..255
g priority2 0..255
g productDescription text
p ptp_dst_ipv4 text @4.0
p ptp_dst_ipv6 text @4.0
p ptp_dst_mac text
g ptp_minor_version 0..1 @4.2
g refclock_sock_address text @4.0
g revisionData text
g sa_file text @4.4
g sanity_freq_limit 0..2147483647
p serverOnly 0..1 @4.0
g servo_num_offset_values 0..2147483647
g servo_offset_threshold 0..2147483647
g slave_event_monitor text
g slaveOnly 0..1
g socket_priority 0..15
p spp -1..255 @4.4
g step_threshold float 0..
g step_window 0..2147483647 @4.0
g summary_interval int
p syncReceiptTimeout 0..255
g tc_spanning_tree 0..1
g timeSource 16..254
g time_stamping hardware|software|legacy|onestep|p2p1step
p transportSpecific 0..15
p ts2phc.channel 0..2147483647
p ts2phc.extts_correction int
p ts2phc.extts_polarity rising|falling|both
p ts2phc.holdover 0..2147483647 @4.4
p ts2phc.master 0..1
p ts2phc.nmea_baudrate 300..2147483647 @4.0
p ts2phc.nmea_delay int @4.4
g ts2phc.nmea_remote_host text
g ts2phc.nmea_remote_port text
g ts2phc.nmea_serialport text
p ts2phc.perout_phase 0..999999999 @4.0
p ts2phc.pin_index 0..2147483647
g ts2phc.pulsewidth 1000000..999000000
g ts2phc.tod_source text @4.0
p tsproc_mode filter|raw|filter_weight|raw_weight
g twoStepFlag 0..1
g tx_timestamp_timeout 1..2147483647
p udp_ttl 1..255
p udp6_scope 0..15
g uds_address text
p uds_file_mode 0..511 @4.0
g uds_ro_address text @4.0
p uds_ro_file_mode 0..511 @4.0
p unicast_listen 0..1
p unicast_master_table 0..2147483647
p unicast_req_duration 10..2147483647
g use_syslog 0..1
g userDescription text
g utc_offset 0..2147483647
g verbose 0..1
g write_phase_mode 0..1
`

const sinceOf = (text: string | undefined): Version => parseVersion(text ?? '') ?? OLDEST

const INT = { low: -(2 ** 31), high: 2 ** 31 - 1 }

function rangeOf(text: string): { low: number; high: number } {
  const [low = '', high = ''] = text.split('..')
  const or = (part: string, other: number) => (part === '' ? other : Number(part))
  return { low: or(low, Number.NEGATIVE_INFINITY), high: or(high, Number.POSITIVE_INFINITY) }
}

type Takes = Pick<OptionFact, 'kind' | 'low' | 'high' | 'words'>

function takesOf(takes: string, range: string): Takes {
  if (takes === 'text') return { kind: 'text', ...rangeOf(''), words: [] }
  if (takes === 'float') return { kind: 'float', ...rangeOf(range), words: [] }
  if (takes === 'int') return { kind: 'int', ...INT, words: [] }
  if (takes === 'fault') {
    return { kind: 'int', ...rangeOf(range), words: [{ word: 'ASAP', since: OLDEST }] }
  }
  if (takes.includes('..')) return { kind: 'int', ...rangeOf(takes), words: [] }
  const words = takes.split('|').map((each) => {
    const [word = '', since] = each.split('@')
    return { word, since: sinceOf(since) }
  })
  return { kind: 'enum', ...rangeOf(''), words }
}

function factOf(line: string): OptionFact {
  const [where, name = '', takes = '', ...rest] = line.split(' ')
  const since = sinceOf(rest.find((word) => word.startsWith('@'))?.slice(1))
  const range = rest.find((word) => word.includes('..')) ?? ''
  return { name, port: where === 'p', ...takesOf(takes, range), since }
}

export const OPTIONS: ReadonlyMap<string, OptionFact> = new Map(
  TABLE.trim()
    .split('\n')
    .map((line) => factOf(line))
    .map((fact) => [fact.name, fact]),
)
