import t from 'tap'
import type { Now } from '../../agent/core/machine.ts'
import { mono, utc } from '../../agent/core/units.ts'
import { createLastingPhc } from '../../agent/runtime/lasting-phc.ts'
import { PTP_CALLS, type PtpCalls } from '../../native/ptp-clock.ts'

const ENODEV = 19

/** Devices that can be taken away: what is open then answers ENODEV. */
function bench() {
  const present = new Set(['/dev/ptp1'])
  const open = new Map<number, string>()
  const opened: string[] = []
  let next = 10
  let at = 0n
  const ptpCalls: PtpCalls = {
    ...PTP_CALLS,
    open: (path) => {
      opened.push(path)
      if (!present.has(path)) return -2
      next += 1
      open.set(next, path)
      return next
    },
    close: (fd) => {
      open.delete(fd)
      return 0
    },
    ioctl: () => 0,
  }
  const clockAdjtime = (id: number): number => {
    const path = open.get(~(id >> 3))
    return path !== undefined && present.has(path) ? 0 : -ENODEV
  }
  const now = (): Now => ({ mono: mono(at), utc: utc(at) })
  const pass = (ns: number): void => {
    at += BigInt(ns)
  }
  return { present, open, opened, options: { ptpCalls, clockAdjtime, now }, pass }
}

t.test('a device that was gone is opened anew, under its new number', async (t) => {
  const { present, open, opened, options, pass } = bench()
  let device: string | undefined = '/dev/ptp1'
  const made = createLastingPhc('phc:eth0', () => device, options)
  if (!made.ok) throw new Error(made.fault.code)
  const { port } = made
  t.notOk('ok' in port.status())
  present.delete('/dev/ptp1')
  device = undefined
  t.match(port.status(), { ok: false, fault: { code: 'NO_DEVICE' } })
  t.equal(open.size, 0, 'closed, or its number is not free')
  pass(1e9)
  t.match(port.status(), { ok: false, fault: { code: 'NO_DEVICE' } })
  present.add('/dev/ptp2')
  device = '/dev/ptp2'
  t.match(port.status(), { ok: false }, 'not looked for more than once a second')
  pass(1e9)
  t.notOk('ok' in port.status())
  t.same(opened.at(-1), '/dev/ptp2')
})

t.test('a device that is not there at first is a fault', async (t) => {
  const { options } = bench()
  t.match(
    createLastingPhc('phc:eth0', () => undefined, options),
    { fault: { code: 'NO_DEVICE' } },
  )
  t.match(
    createLastingPhc('phc:eth0', () => '/dev/ptp7', options),
    {
      fault: { code: 'NOT_FOUND' },
    },
  )
})
