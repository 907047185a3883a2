/**
 * Everything that can be refused or can happen, by name: the one catalogue behind the counters
 * (`timewarden_notes_total{subject,code}`), the event list and the log.
 *
 * Severity: `count` is counted only (high rate, normal life); `info`, `warning` and `error` are also
 * kept as events and logged.
 */
export type Severity = 'count' | 'info' | 'warning' | 'error'

export const NOTES = {
  // --- any source
  malformed: ['count', 'bytes that are not a valid packet'],
  timeout: ['count', 'no answer in time'],
  'send-failed': ['count', 'a request could not be sent'],
  'open-failed': ['warning', 'a socket could not be opened'],
  reachable: ['info', 'the source answers'],
  unreachable: ['warning', 'the source does not answer any more'],
  // --- NTP: on-wire checks of RFC 5905 section 8 and later
  'resolve-failed': ['warning', 'the name of the server could not be resolved'],
  resolved: ['info', 'the name of the server was resolved'],
  duplicate: ['count', 'the same answer twice'],
  bogus: ['count', 'the origin time stamp is not ours: spoofed or late'],
  'zero-stamp': ['count', 'a required time stamp is zero'],
  'wrong-mode': ['count', 'not a server answer'],
  unsynchronised: ['count', 'the server says that it is not synchronised'],
  'bad-stratum': ['count', 'stratum out of range'],
  'root-distance': ['count', 'the server is too far from its own reference'],
  'negative-delay': ['count', 'the round trip is shorter than possible'],
  delay: ['count', 'the round trip is longer than allowed'],
  'processing-time': ['count', 'the server held the request for too long'],
  'no-transmit-stamp': ['count', 'the kernel gave no transmit stamp in time'],
  'kiss-rate': ['warning', 'the server asks us to slow down (RATE)'],
  'kiss-deny': ['error', 'the server refuses us (DENY or RSTR)'],
  'kiss-other': ['count', 'a kiss code we do not act upon'],
  unauthenticated: ['count', 'no MAC of the key of this source: forged, or the server has no keys'],
  'bad-mac': ['count', 'the MAC is wrong: forged, or the key differs'],
  'crypto-nak': ['count', 'the server does not know our key'],
  'no-key': ['error', 'the key of this source is not to be had: the server is not asked'],
  'key-file': ['warning', 'the key file could not be read, has bad lines or is open to everybody'],
  loop: ['warning', 'the server follows this node'],
  'interleaved-first': [
    'count',
    'the first interleaved answer after a basic one measures nothing new',
  ],
  'bad-precision': ['count', 'the clock of the server is coarser than the largest delay allowed'],
  'delay-ratio': ['count', 'the round trip is too long beside the shortest one'],
  'delay-deviation': ['count', 'the round trip is longer than the noise of the path explains'],
  presend: ['count', 'the answer to a request that only warms the path'],
  'poll-lifted': ['info', 'a server of others is not asked more often than every 64 s'],
  'address-kept': ['warning', 'no name server answers: an address kept on disk is used'],
  'address-file': ['warning', 'the file of good addresses could not be written'],
  straddled: ['count', 'an exchange was discarded: the clock was stepped meanwhile'],
  // --- chronyd
  'command-refused': ['count', 'chronyd answered with an error status'],
  // --- ptp4l and PHC
  'wrong-id': ['count', 'an answer to a question we did not ask'],
  'management-error': ['count', 'ptp4l answered with an error status'],
  'no-progress': ['count', 'the ingress time did not advance: the offset is old'],
  'port-state': ['info', 'a ptp4l port changed its state'],
  grandmaster: ['warning', 'another grandmaster'],
  'utc-offset': ['warning', 'the UTC offset changed or is not vouched for'],
  restarted: ['warning', 'ptp4l was restarted'],
  'wrong-domain': ['warning', 'ptp4l is there but silent: most likely another domain number'],
  'compare-failed': ['count', 'the PHC could not be read'],
  method: ['info', 'the way in which the PHC is read'],
  'slow-bus': ['info', 'a reading of the PHC takes long, and bounds what can be known of it'],
  'pulse-lost': ['warning', 'the pulses of a PPS source have stopped'],
  'pulse-irregular': ['count', 'a pulse that is not a whole second after the one before it'],
  'pulse-stale': ['count', 'a pulse that was stamped before the clock was stepped, or long ago'],
  'pulse-unnumbered': ['count', 'a pulse of which nobody can tell the second'],
  'pulses-failed': ['count', 'the device of the pulses could not be set up or read'],
  output: ['info', 'a PHC puts out pulses'],
  'output-failed': ['warning', 'a PHC cannot put out pulses'],
  'upstream-lost': ['warning', 'what steers the PHC lost its reference'],
  // --- clocks
  state: ['info', 'a clock changed its state'],
  hands: ['info', 'somebody else steers this clock now, or does so no more'],
  reference: ['info', 'another reference was selected'],
  'no-majority': ['warning', 'the sources do not agree'],
  spike: ['count', 'an offset far off its neighbours was set aside'],
  unconfirmed: [
    'warning',
    'one server alone contradicts what the clock knows of itself: another one is waited for',
  ],
  jump: [
    'warning',
    'two samples in a row are far from where the clock was: this machine stood still',
  ],
  'leap-second': ['info', 'a leap second was inserted or deleted'],
  step: ['warning', 'a clock was stepped'],
  'step-refused': ['warning', 'a step was wanted and not allowed'],
  panic: ['error', 'the offset is beyond the panic limit: steering is frozen'],
  'steer-failed': ['error', 'the clock could not be adjusted'],
  clamped: ['warning', 'the clock took another frequency than we asked for'],
  'foreign-frequency': ['error', 'somebody else changed the frequency of this clock'],
  'foreign-step': ['error', 'somebody else stepped this clock'],
  'foreign-status': ['warning', 'somebody else changed the kernel status or TAI offset'],
  'drift-file': ['warning', 'the drift file could not be read or written'],
  'drift-loaded': ['info', 'the frequency was taken from the drift file'],
  holdover: ['warning', 'no usable reference: the clock runs on its learnt frequency'],
  recovered: ['info', 'a reference is back'],
  leap: ['warning', 'a leap second is announced'],
  'leap-disagree': ['warning', 'the sources announce another leap second than the list'],
  'leap-list': ['warning', 'the list of leap seconds could not be read, or has expired'],
  // --- DNS
  'dns-failing': ['warning', 'a DNS target does not answer as it must'],
  'dns-ok': ['info', 'a DNS target answers again'],
  'resolv-conf': ['warning', 'resolv.conf has a line that is not understood'],
  'dns-unvalidated': [
    'warning',
    'a name was resolved without validation, since the clock may be wrong',
  ],
  'dns-plan': ['info', 'the files say other name servers than before'],
  'dns-facts': ['warning', 'a file or a page that tells of the DNS of this node is not understood'],
  // --- children
  'child-started': ['info', 'a program was started'],
  'child-exited': ['warning', 'a program that the agent keeps running has ended'],
  'child-failed': ['warning', 'a program could not be started'],
  'child-foreign': ['warning', 'another program answers on the socket: none is started beside it'],
  // --- agent
  'config-reloaded': ['info', 'another configuration is in force'],
  'config-refused': [
    'warning',
    'the configuration was changed and is not usable: the one before is in force',
  ],
  nic: ['info', 'a network interface appeared, vanished, or got another name or PHC'],
  discovered: ['info', 'found on this node'],
  'hardware-stamps': ['info', 'an interface stamps NTP packets in hardware'],
  'stamps-refused': ['warning', 'stamps of hardware are not used: those of the kernel stand in'],
  degraded: ['warning', 'something is missing on this node; the agent goes on without it'],
} as const satisfies Record<string, readonly [Severity, string]>

export type NoteCode = keyof typeof NOTES

export const severityOf = (code: NoteCode): Severity => NOTES[code][0]
export const meaningOf = (code: NoteCode): string => NOTES[code][1]
