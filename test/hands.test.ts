import t from 'tap'
import type { Upstream } from '../agent/core/machine.ts'
import { mono, nanos } from '../agent/core/units.ts'
import { Hands } from '../agent/hands.ts'

const upstream = (of: Partial<Upstream>): Upstream => ({
  ...{ clock: 'phc:eth0', synchronized: true, steers: false, reason: '', reference: 'x' },
  ...{ utcOffset: 37, utcOffsetValid: true, timeTraceable: false, leap: 'none' },
  ...{ offset: nanos(0), at: mono(0n), rootDispersion: nanos(100), rootDelay: nanos(0) },
  ...of,
})

t.test(
  'a grandmaster has no reference of its own, and the pulses that its PHC follows have',
  async (t) => {
    const hands = new Hands()
    const gm = upstream({ synchronized: false, reason: 'grandmaster is this clock itself' })
    hands.heard('ptp4l:a', gm)
    t.same(hands.best(gm), gm, 'nobody knows better')
    const pps = upstream({ reference: 'PPS' })
    hands.heard('pps:a', pps)
    t.same(hands.best(gm), pps)
    const better = upstream({ reference: 'gm', rootDispersion: nanos(25) })
    hands.heard('ptp4l:a', better)
    t.same(hands.best(pps), better)
    const other = upstream({ clock: 'phc:eth1', synchronized: false, reason: 'silent' })
    hands.heard('ptp4l:b', other)
    t.same(hands.best(other), other, 'of another clock')
  },
)
