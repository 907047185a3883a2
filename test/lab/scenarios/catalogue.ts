/** Every scenario of the lab by name. Contests, costs and baselines are for the bench. */
import type { Scenario } from '../scenario.ts'
import { phc2sysBaseline } from './baselines.ts'
import { contestHoldover } from './contest-holdover.ts'
import { contestPhc1, contestPhc16 } from './contest-phc.ts'
import { contestEndToEnd, contestPhcDriven } from './contest-ptp.ts'
import { costPtp } from './cost-ptp.ts'
import { domainChanged, renamed, twoDomains } from './domains.ts'
import { drive, follow } from './follow.ts'
import { boundaryAuto, boundaryDrive, contestPhcToPhc, phcToPhc } from './graph.ts'
import { leap } from './leap.ts'
import { restart, signals } from './lifecycle.ts'
import { contestNtp, contestNtpInterleaved, ntp } from './ntp.ts'
import { contestNtpHardware, ntpHardware } from './ntp-hardware.ts'
import { contestSystemToPhc, systemToPhc } from './reverse.ts'
import { servoTraces } from './servo-traces.ts'
import { steps } from './steps.ts'
import { foreign, lossesOfPtp, phcRemoved } from './trouble.ts'

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  follow,
  drive,
  'system-to-phc': systemToPhc,
  'phc-to-phc': phcToPhc,
  'boundary-auto': boundaryAuto,
  'boundary-drive': boundaryDrive,
  'two-domains': twoDomains,
  'domain-changed': domainChanged,
  renamed,
  ntp,
  'ntp-hardware': ntpHardware,
  foreign,
  losses: lossesOfPtp,
  'phc-removed': phcRemoved,
  steps,
  restart,
  leap,
  signals,
  'baseline-phc2sys': phc2sysBaseline,
  'baseline-servo-traces': servoTraces,
  'cost-ptp': costPtp,
  'contest-phc-1hz': contestPhc1,
  'contest-phc-16hz': contestPhc16,
  'contest-ptp-phc': contestPhcDriven,
  'contest-ptp-end-to-end': contestEndToEnd,
  'contest-system-to-phc': contestSystemToPhc,
  'contest-phc-to-phc': contestPhcToPhc,
  'contest-ntp': contestNtp,
  'contest-ntp-xleave': contestNtpInterleaved,
  'contest-ntp-hardware': contestNtpHardware,
  'contest-holdover': contestHoldover,
}

/** What runs on every change: the first of everything that steers. */
export const SHORT: readonly string[] = ['follow', 'drive', 'ntp', 'restart']
