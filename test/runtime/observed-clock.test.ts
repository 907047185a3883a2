import t from 'tap'
import type { ClockChange } from '../../agent/core/clock-change.ts'
import { mono, nanos, ppb, utc } from '../../agent/core/units.ts'
import type {
  ClockAdjustment,
  ClockEffect,
  ClockPort,
  ClockStatus,
} from '../../agent/ports/clock.ts'
import { observedClock } from '../../agent/runtime/observed-clock.ts'

const at = { mono: mono(5n), utc: utc(7n) }

function port(): ClockPort & { fails: boolean; frequency: number } {
  return {
    name: 'system',
    fails: false,
    frequency: 100,
    capabilities: { adjustable: true, maxFrequency: ppb(1e8), reason: '' },
    status(): ClockStatus {
      return {
        ...{ at, frequency: ppb(this.frequency), pll: false, synchronized: true, taiOffset: 37 },
        ...{ maxError: nanos(0), estimatedError: nanos(0), leap: 'none' },
      }
    },
    adjust({ frequency, step = 0n }: ClockAdjustment): ClockEffect {
      const fault = { code: 'PERMISSION', syscall: 'x', errno: '' } as const
      if (this.fails) return { ok: false, fault }
      this.frequency = frequency ?? this.frequency
      return { ok: true, at, frequency: ppb(this.frequency), step }
    },
  }
}

t.test('what was done to a clock is told as a change', async (t) => {
  const told: ClockChange[] = []
  const inner = port()
  const clock = observedClock(inner, (change) => told.push(change))
  clock.adjust({ step: 40n })
  t.match(told.pop(), { clock: 'system', step: 40n, frequency: 0, at: 5n, foreign: false })
  clock.status()
  clock.adjust({ frequency: ppb(130) })
  t.match(told.pop(), { step: 0n, frequency: 30 })
  clock.adjust({ maxError: nanos(3) })
  clock.adjust({ frequency: ppb(130) })
  t.same(told, [], 'nothing was changed')
  inner.frequency = 500
  clock.status()
  clock.adjust({ frequency: ppb(400) })
  t.match(told.pop(), { frequency: -100 }, 'counted from what somebody else had dialled')
  inner.fails = true
  t.notOk((clock.adjust({ step: 1n }) as { ok: boolean }).ok)
  t.same(told, [])
})
