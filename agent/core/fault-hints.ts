/**
 * What a fault of a clock device most likely means, and what to do about it: the same errno has several
 * causes, and an operator at night cannot know them. Pure: the facts come from the runtime.
 * Sources: drivers/ptp (ptp_clock.c, ptp_private.h), clock_adjtime(2), capabilities(7).
 */
import type { PortFault } from './errors.ts'

export interface FaultFacts {
  /** `/dev/ptp0`; empty for CLOCK_REALTIME and for sockets. */
  readonly device: string
  /** n_vclocks of the PHC; undefined: not told. */
  readonly virtualClocks: number | undefined
  /** `uname -r`. */
  readonly kernel: string
  /** CAP_SYS_TIME is effective. */
  readonly sysTime: boolean
}

/** Releases in which every adjustment of a PHC is EBUSY, virtual clocks or not, and what mends it. */
const BROKEN: readonly { readonly release: RegExp; readonly fixed: string }[] = [
  { release: /^6\.6\.94(?!\d)/, fixed: '6.6.95' },
  { release: /^6\.12\.34(?!\d)/, fixed: '6.12.35' },
  { release: /^6\.15\.3(?!\d)/, fixed: '6.15.4' },
  { release: /^6\.16(\.0)?-rc2(?!\d)/, fixed: '6.16-rc3' },
]

export type HintCode = keyof typeof HINTS

const HINTS = {
  'virtual-clocks': ({ device, virtualClocks }: FaultFacts) =>
    `${virtualClocks} virtual clock${virtualClocks === 1 ? '' : 's'} of ${device} run on it, so it may not be adjusted: echo 0 > ${sysfs(device)}/n_vclocks`,
  'kernel-regression': ({ kernel, device }: FaultFacts) =>
    `most likely the kernel: ${kernel} takes no adjustment of any PHC (a known fault, mended in ${fixedIn(kernel)}); update it, ${device} itself is well`,
  'busy-without-reason': ({ kernel, device, virtualClocks }: FaultFacts) =>
    `${virtualClocks === 0 ? `${device} has no virtual clocks` : `whether ${device} has virtual clocks is not known`}: its driver is busy, or kernel ${kernel} has the fault of some releases of June 2025 (6.12.34; mended in 6.12.35)`,
  'device-right': ({ device }: FaultFacts) =>
    `no right to open ${device}: its owner and mode (udev rule), the device cgroup of the container (privileged, or a device plugin), or the unit's DeviceAllow`,
  'capability-sys-time': () => 'CAP_SYS_TIME is missing: add it to the container or the unit',
  seccomp: () =>
    'no right is missing, and the call is refused all the same: a seccomp profile of the container runtime; allow clock_adjtime and adjtimex',
  'capability-net-admin': () =>
    'CAP_NET_ADMIN is missing: only with it may stamping be set up; or let ptp4l or hwstamp_ctl do it',
} as const satisfies Record<string, (facts: FaultFacts) => string>

const sysfs = (device: string): string =>
  `/sys/class/ptp/${device.slice(device.lastIndexOf('/') + 1)}`

const fixedIn = (kernel: string): string | undefined =>
  BROKEN.find(({ release }) => release.test(kernel))?.fixed

/** Its code in the catalogue; undefined: the fault says all there is. */
export function hintCode(
  { code, syscall, errno }: PortFault,
  facts: FaultFacts,
): HintCode | undefined {
  if (code === 'BUSY' && facts.device !== '') return busy(syscall, facts)
  if (code !== 'PERMISSION' || errno === '') return undefined
  if (syscall.startsWith('open(')) return 'device-right'
  if (/HWTSTAMP/.test(syscall)) return 'capability-net-admin'
  if (/ENABLE_PPS/.test(syscall)) return facts.sysTime ? undefined : 'capability-sys-time'
  if (!/adjtime/.test(syscall)) return undefined
  // a PHC asks for no capability, only for a descriptor that may write; a reading asks for nothing
  if (facts.device !== '') return errno === 'EACCES' ? 'device-right' : 'seccomp'
  return facts.sysTime || /read/.test(syscall) ? 'seccomp' : 'capability-sys-time'
}

function busy(syscall: string, { virtualClocks, kernel }: FaultFacts): HintCode | undefined {
  if (!/adjtime|settime/.test(syscall)) return undefined
  if (virtualClocks !== undefined && virtualClocks > 0) return 'virtual-clocks'
  return fixedIn(kernel) === undefined ? 'busy-without-reason' : 'kernel-regression'
}

/** The fault with its hint, where there is one. */
export function withHint(fault: PortFault, facts: FaultFacts): PortFault {
  const code = hintCode(fault, facts)
  return code === undefined ? fault : { ...fault, hint: HINTS[code](facts) }
}
