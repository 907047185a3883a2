/** What `core/fault-hints.ts` has to know of this node; asked when something failed, and then only. */
import { release } from 'node:os'
import { basename } from 'node:path'
import type { PortFault } from '../core/errors.ts'
import { type FaultFacts, withHint } from '../core/fault-hints.ts'
import { integer, text } from './sysfs.ts'

const CAP_SYS_TIME = 25n

/** Whether the text of /proc/self/status shows CAP_SYS_TIME as effective. */
export function hasSysTime(status: string): boolean {
  const hex = /^CapEff:\s*([0-9a-f]+)$/im.exec(status)?.[1]
  return hex !== undefined && ((BigInt(`0x${hex}`) >> CAP_SYS_TIME) & 1n) === 1n
}

export const readSysTime = (path = '/proc/self/status'): boolean => hasSysTime(text(path))

const factsOf = (device: string): FaultFacts => ({
  device,
  virtualClocks: integer(`/sys/class/ptp/${basename(device)}/n_vclocks`) ?? undefined,
  kernel: release(),
  sysTime: readSysTime(),
})

/** The fault of a call on `device` (empty: the system clock, a socket), with its hint. */
export const explained = (fault: PortFault, device = ''): PortFault =>
  fault.code === 'BUSY' || fault.code === 'PERMISSION' ? withHint(fault, factsOf(device)) : fault
