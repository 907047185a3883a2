import t from 'tap'
import { describeFault, type PortFault } from '../../agent/core/errors.ts'
import { type FaultFacts, type HintCode, hintCode, withHint } from '../../agent/core/fault-hints.ts'

const facts = (more: Partial<FaultFacts> = {}): FaultFacts => ({
  ...{ device: '/dev/ptp0', virtualClocks: 0, kernel: '6.1.0-44-amd64', sysTime: true },
  ...more,
})
const fault = (code: PortFault['code'], syscall: string, errno: string): PortFault => ({
  ...{ code, syscall, errno },
})
const BUSY = fault('BUSY', 'clock_adjtime', 'EBUSY')
const DENIED = fault('PERMISSION', 'clock_adjtime', 'EPERM')

const CASES: readonly (readonly [string, PortFault, Partial<FaultFacts>, HintCode | undefined])[] =
  [
    ['virtual clocks', BUSY, { virtualClocks: 2 }, 'virtual-clocks'],
    ['and a broken kernel', BUSY, { virtualClocks: 1, kernel: '6.12.34' }, 'virtual-clocks'],
    ['Raspberry Pi', BUSY, { kernel: '6.12.34+rpt-rpi-2712' }, 'kernel-regression'],
    ['plain', BUSY, { kernel: '6.12.34' }, 'kernel-regression'],
    ['a candidate', BUSY, { kernel: '6.16.0-rc2-v8-16k+' }, 'kernel-regression'],
    ['the one after', BUSY, { kernel: '6.12.35' }, 'busy-without-reason'],
    ['another number', BUSY, { kernel: '6.12.341' }, 'busy-without-reason'],
    ['a later candidate', BUSY, { kernel: '6.16.0-rc3' }, 'busy-without-reason'],
    ['Red Hat', BUSY, { kernel: '5.14.0-570.12.34.el9_6.x86_64' }, 'busy-without-reason'],
    ['not told', BUSY, { virtualClocks: undefined }, 'busy-without-reason'],
    ['a step', fault('BUSY', 'clock_settime', 'EBUSY'), {}, 'busy-without-reason'],
    ['a busy reading', fault('BUSY', 'ioctl(PTP_SYS_OFFSET)', 'EBUSY'), {}, undefined],
    ['the file', fault('PERMISSION', 'open(/dev/ptp0)', 'EACCES'), {}, 'device-right'],
    [
      ...['a PHC for reading only', fault('PERMISSION', 'clock_adjtime', 'EACCES')],
      ...[{}, 'device-right'],
    ] as unknown as (typeof CASES)[number],
    ['a profile in front of a PHC', DENIED, {}, 'seccomp'],
    [
      ...['a reading', fault('PERMISSION', 'clock_adjtime(read)', 'EPERM')],
      ...[{ device: '', sysTime: false }, 'seccomp'],
    ] as unknown as (typeof CASES)[number],
    ['6.6', BUSY, { kernel: '6.6.94-rt1' }, 'kernel-regression'],
    ['6.15', BUSY, { kernel: '6.15.3-200.fc42.x86_64' }, 'kernel-regression'],
    ['the candidate before', BUSY, { kernel: '6.16.0-rc1' }, 'busy-without-reason'],
    ['a PPS device', fault('PERMISSION', 'open(/dev/pps0)', 'EACCES'), {}, 'device-right'],
    ['the system clock', DENIED, { device: '', sysTime: false }, 'capability-sys-time'],
    ['and a profile', DENIED, { device: '', sysTime: true }, 'seccomp'],
    [
      ...['PPS events', fault('PERMISSION', 'ioctl(PTP_ENABLE_PPS)', 'EPERM')],
      ...[{ sysTime: false }, 'capability-sys-time'],
    ] as unknown as (typeof CASES)[number],
    ['stamping', fault('PERMISSION', 'ioctl(SIOCSHWTSTAMP)', 'EPERM'), {}, 'capability-net-admin'],
    ['our own refusal', fault('PERMISSION', 'clock_adjtime', ''), {}, undefined],
    ['a range', fault('OUT_OF_RANGE', 'clock_adjtime', 'ERANGE'), {}, undefined],
  ]

t.test('every cause by its name, and none where there is none', async (t) => {
  for (const [name, given, more, code] of CASES) t.equal(hintCode(given, facts(more)), code, name)
})

t.test('what it is and what to do', async (t) => {
  const told = (given: PortFault, more: Partial<FaultFacts> = {}): string =>
    describeFault(withHint(given, facts(more)))
  t.equal(
    told(BUSY, { virtualClocks: 2, device: '/dev/ptp3' }),
    'clock_adjtime: EBUSY, 2 virtual clocks of /dev/ptp3 run on it, so it may not be adjusted: echo 0 > /sys/class/ptp/ptp3/n_vclocks',
  )
  t.match(
    told(BUSY, { kernel: '6.12.34' }),
    /most likely the kernel: 6\.12\.34 takes no .* mended in 6\.12\.35/,
  )
  t.match(told(DENIED, { device: '' }), /seccomp profile/)
  t.equal(told(fault('IO', 'read', 'EIO')), 'read: EIO, input/output error')
})
