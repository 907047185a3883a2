import t from 'tap'
import { Outputs } from '../../agent/clock/outputs.ts'
import type { Event, Now } from '../../agent/core/machine.ts'
import type { PulseOutput } from '../../agent/core/pulse.ts'
import { mono, nanos, ppb, utc } from '../../agent/core/units.ts'

const SECOND = 1_000_000_000n
const at = (s: number): Now => ({ mono: mono(BigInt(s) * SECOND), utc: utc(0n) })
const PULSE: PulseOutput = {
  ...{ kind: 'perout', channel: 1, pin: 'SDP1', period: SECOND, phase: 0n, width: undefined },
}
const standing = (locked: boolean, clock: 'phc:a' | 'phc:b' = 'phc:a'): Event => ({
  on: 'standing',
  standing: {
    ...{ clock, bound: undefined, state: locked ? 'locked' : 'acquiring', source: '' },
    ...{ steered: true, taiOffset: 0, leap: 'none' },
  },
})
const step: Event = {
  on: 'change',
  change: {
    ...{ clock: 'phc:a', at: mono(0n), step: 5n, frequency: ppb(0) },
    ...{ uncertainty: nanos(0), foreign: true },
  },
}

t.test('pulses begin with the lock, are asked for now and then, and set up anew', async (t) => {
  const outputs = new Outputs('phc:a', [PULSE, { kind: 'kernel' }])
  t.same(outputs.handle(standing(false), at(1)), [])
  t.same(outputs.handle(standing(true, 'phc:b'), at(1)), [])
  t.match(outputs.handle(standing(true), at(2)), [
    { do: 'emit', key: '0', clock: 'phc:a', output: PULSE, again: false },
    { do: 'emit', key: '1', output: { kind: 'kernel' } },
  ])
  t.same(outputs.handle(standing(true), at(3)), [], 'not each second')
  t.match(outputs.handle(standing(true), at(12)), [{ again: false }, { again: false }])
  outputs.handle(step, at(13))
  t.same(outputs.handle(standing(false), at(13)), [], 'not while it is being brought back')
  t.match(outputs.handle(standing(true), at(14)), [{ again: true }, { again: true }])
})

t.test('what works and what does not is told once', async (t) => {
  const outputs = new Outputs('phc:a', [PULSE])
  const failed: Event = {
    ...{ on: 'failed', what: 'emit', key: '0' },
    fault: { code: 'BUSY', syscall: 'ioctl(PTP_PEROUT_REQUEST2)', errno: 'EBUSY' },
  }
  t.match(outputs.handle(failed, at(1)), [
    { code: 'output-failed', detail: /^pulses every 1 s at channel 1: ioctl.*EBUSY/ },
  ])
  t.same(outputs.handle(failed, at(2)), [])
  const emitted = (fresh: boolean) => outputs.handle({ on: 'emitted', key: '0', fresh }, at(3))
  t.match(emitted(true), [{ code: 'output' }])
  t.same(emitted(false), [])
})
