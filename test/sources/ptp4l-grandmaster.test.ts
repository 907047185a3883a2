import t from 'tap'
import type { Standing } from '../../agent/core/machine.ts'
import { type Instant, mono, nanos } from '../../agent/core/units.ts'
import { GrandmasterVoice } from '../../agent/sources/ptp4l-grandmaster.ts'
import { accuracyCode } from '../../agent/sources/ptp4l-upstream.ts'

const at = (s: number): Instant<'mono'> => mono(BigInt(s) * 1_000_000_000n)

const standing = (more: Partial<Standing> = {}): Standing => ({
  ...{ clock: 'phc:eth0', bound: nanos(90), state: 'locked', source: 'pps:phc:eth0.0' },
  ...{ steered: true, taiOffset: 0, leap: 'none' },
  ...more,
})

const voiceAt = (s: number, ...all: Standing[]) => {
  const voice = new GrandmasterVoice('phc:eth0')
  for (const each of all) voice.heard(each, at(s))
  return voice
}

t.test('the accuracy code is never better than the bound', async (t) => {
  t.equal(accuracyCode(nanos(25)), 0x20)
  t.equal(accuracyCode(nanos(26)), 0x21)
  t.equal(accuracyCode(nanos(100)), 0x21)
  t.equal(accuracyCode(nanos(900)), 0x23)
  t.equal(accuracyCode(nanos(1e12)), 0xfe)
})

t.test('locked, holdover, lost', async (t) => {
  const voice = voiceAt(1, standing())
  t.match(voice.due(at(1)), {
    clockQuality: { clockClass: 6, clockAccuracy: 0x21, offsetScaledLogVariance: 0x4e5d },
    currentUtcOffset: 37,
    flags: { timeTraceable: true, frequencyTraceable: true, currentUtcOffsetValid: true },
    timeSource: 'GNSS',
  })
  t.equal(voice.due(at(2)), undefined, 'said already')
  t.ok(voice.due(at(70)), 'and reminded of')
  voice.heard(standing({ state: 'holdover', bound: nanos(300) }), at(71))
  t.match(voice.due(at(71)), {
    clockQuality: { clockClass: 7, clockAccuracy: 0x23 },
    flags: { timeTraceable: true },
    timeSource: 'INTERNAL_OSCILLATOR',
  })
  voice.heard(standing({ state: 'locked', source: 'system>phc:eth0', bound: nanos(2e6) }), at(72))
  t.match(voice.due(at(72)), { clockQuality: { clockClass: 140 }, timeSource: 'NTP' })
  voice.heard(standing({ state: 'freerun', bound: undefined }), at(73))
  t.match(voice.due(at(73)), {
    clockQuality: { clockClass: 140, clockAccuracy: 0xfe },
    flags: { timeTraceable: false, currentUtcOffsetValid: false, ptpTimescale: true },
  })
})

t.test("a clock that pulses never locked is nobody's primary reference", async (t) => {
  t.equal(voiceAt(1).due(at(1)), undefined, 'nothing is known of it')
  t.equal(voiceAt(1, standing({ clock: 'phc:eth1' })).due(at(1)), undefined)
  const ntp = voiceAt(1, standing({ source: 'system>phc:eth0', bound: nanos(1e6) }))
  t.match(ntp.due(at(1)), { clockQuality: { clockClass: 248 }, timeSource: 'NTP' })
  t.equal(ntp.farewell(), undefined)
})

t.test('worse is told at once, better after a minute', async (t) => {
  const voice = voiceAt(1, standing())
  const code = (s: number) => voice.due(at(s))?.clockQuality.clockAccuracy
  t.equal(code(1), 0x21)
  voice.heard(standing({ bound: nanos(240) }), at(2))
  t.equal(code(2), 0x22)
  for (let s = 3; s < 62; s++) {
    voice.heard(standing({ bound: nanos(s === 20 ? 200 : 80) }), at(s))
    t.equal(code(s), s === 62 ? 0x22 : undefined)
  }
  for (let s = 62; s < 90; s++) voice.heard(standing({ bound: nanos(80) }), at(s))
  t.equal(code(90), 0x21)
})

t.test('leap seconds and TAI - UTC are those of the system clock', async (t) => {
  const system = standing({ clock: 'system', taiOffset: 38, leap: 'insert' })
  t.match(voiceAt(1, system, standing()).due(at(1)), {
    currentUtcOffset: 38,
    flags: { leap61: true, leap59: false },
  })
})

t.test(
  'who leaves says that nobody looks after the clock; another ptp4l hears all of it',
  async (t) => {
    const voice = voiceAt(1, standing())
    t.ok(voice.due(at(1)))
    voice.forget()
    t.ok(voice.due(at(1)))
    t.match(voice.farewell(), { clockQuality: { clockClass: 7 } })
  },
)
