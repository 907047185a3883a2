import t from 'tap'
import type { SourceConfig } from '../../agent/config/types.ts'
import type { ClockName } from '../../agent/core/sample.ts'
import {
  boundViolations,
  maxError,
  rmsError,
  stepsAfter,
  timeToState,
} from '../../agent/sim/assess.ts'
import { clockConfig, ppsConfig, simConfig } from '../../agent/sim/plain-config.ts'
import { Run } from '../../agent/sim/run.ts'
import type { Deed, Scenario } from '../../agent/sim/scenario.ts'
import type { ClockSetup } from '../../agent/sim/setup.ts'
import { at, ntpNode, SEEDS } from './lan.ts'

const US = 1e3
const SERVERS = [0, 0, 0]
const PHC = 'phc:eth0' as const

const pulses = (set: (Deed & { do: 'pulses' })['set']): Deed => ({ do: 'pulses', set })
const view = (run: Run, id: RegExp) => run.snapshot().sources.find((each) => id.test(each.id))
const clock = (run: Run, name: ClockName) =>
  run.snapshot().clocks.find((each) => each.name === name)

/** Three NTP servers and a PPS device. */
function deviceNode(seed: string, pps = ppsConfig({}), more: Partial<Scenario> = {}): Scenario {
  const scenario = ntpNode(seed, SERVERS, more)
  const { config } = scenario
  return { ...scenario, config: { ...config, sources: [...config.sources, pps] } }
}

/** A PHC that stamps the pulses, steered by them, and the system clock steered by the PHC. */
function phcNode(
  seed: string,
  given: { readonly sources: readonly SourceConfig[]; readonly phc?: ClockSetup },
  more: Partial<Scenario> = {},
): Scenario {
  const scenario = ntpNode(seed, SERVERS, more)
  const drive = clockConfig({ mode: 'drive' })
  const outputs = [{ channel: 0, period: 1, phase: 0 }]
  return {
    ...scenario,
    phcs: [
      {
        name: PHC,
        info: {
          ...{ index: 0, device: '/dev/ptp0', clockName: 'sim', interfaces: ['eth0'] },
          ...{ pci: '', driver: 'sim' },
        },
        ...{ offset: -1.2e9, frequencyPpb: 9000, ...given.phc },
      },
    ],
    config: simConfig({
      clocks: { system: drive, [PHC]: { ...drive, outputs } },
      sources: [...given.sources],
    }),
  }
}

const ntpOf = (scenario: Scenario): readonly SourceConfig[] => scenario.config.sources
const extts = (more: Partial<Parameters<typeof ppsConfig>[0]> = {}) =>
  ppsConfig({ clock: PHC, ...more })

for (const seed of SEEDS) {
  t.test(`seed ${seed}: the pulses of a device steer, are lost, and steer again`, async (t) => {
    const timeline = [at(400, pulses({ running: false })), at(900, pulses({ running: true }))]
    const run = new Run(deviceNode(seed, ppsConfig({}), { timeline })).forSeconds(390)
    t.equal(clock(run, 'system')?.offsetSource, 'pps:/dev/pps0')
    t.match(view(run, /^pps/), { trouble: '', reach: 255, detail: { second: 'known', missed: 0 } })
    run.forSeconds(200)
    t.match(clock(run, 'system')?.offsetSource, /^ntp:/, 'NTP steers')
    t.match(view(run, /^pps/)?.trouble, /^no pulse for 19\d s$/)
    run.forSeconds(600)
    t.equal(clock(run, 'system')?.offsetSource, 'pps:/dev/pps0')
    const record = run.record('system')
    t.equal(stepsAfter(record, 60), 0)
    // an interrupt is late by 1.5 us in the mean
    const before = rmsError(record.slice(200, 399))
    t.ok(before < 600, `${before} ns`)
    t.ok(rmsError(record, 1000) < 600, `${rmsError(record, 1000)} ns`)
    t.same(boundViolations(record).slice(0, 3), [])
  })

  t.test(`seed ${seed}: a PHC that stamps pulses, and the system clock behind it`, async (t) => {
    const sources = [...ntpOf(ntpNode(seed, SERVERS)), extts()]
    const run = new Run(phcNode(seed, { sources })).forSeconds(600)
    t.equal(clock(run, PHC)?.offsetSource, 'pps:phc:eth0.0')
    t.equal(clock(run, 'system')?.offsetSource, PHC)
    const [phc, system] = [run.record(PHC), run.record('system')]
    t.ok(rmsError(phc, 200) < 20, `PHC ${rmsError(phc, 200)} ns RMS`)
    t.ok(rmsError(system, 200) < 60, `system ${rmsError(system, 200)} ns RMS`)
    t.same(boundViolations(phc).slice(0, 3), [])
    t.same(boundViolations(system).slice(0, 3), [])
    t.equal(stepsAfter(system, 60), 0)
  })
}

t.test('a cable that is known is no error, one that is not is within the accuracy', async (t) => {
  const late = [at(0, pulses({ delayNs: 800 }))]
  const all = [...ntpOf(ntpNode('cable', SERVERS))]
  const known = [...all, extts({ delay: 8e-7 })]
  const run = new Run(phcNode('cable', { sources: known }, { timeline: late })).forSeconds(400)
  t.ok(maxError(run.record(PHC), 200) < 100, `${maxError(run.record(PHC), 200)} ns`)
  const wide = [...all, extts({ accuracy: 1e-6 })]
  const other = new Run(phcNode('cable', { sources: wide }, { timeline: late })).forSeconds(400)
  t.ok(Math.abs(rmsError(other.record(PHC), 200) - 800) < 50)
  t.same(boundViolations(other.record(PHC)).slice(0, 3), [])
})

t.test('pulses that lie by 20 ms are outvoted', async (t) => {
  const run = new Run(
    deviceNode('liar', ppsConfig({}), { timeline: [at(0, pulses({ delayNs: 2e7 }))] }),
  ).forSeconds(400)
  t.match(view(run, /^pps/)?.verdict, /falseticker/)
  t.ok(maxError(run.record('system'), 120) < 500 * US)
})

t.test('without anything that tells the second pulses are of no use', async (t) => {
  const alone = (second: 'known' | 'system') => {
    const scenario = phcNode('alone', { sources: [extts({ second })] })
    return new Run({ ...scenario, ntp: [] }).forSeconds(300)
  }
  const unknown = alone('known')
  t.match(view(unknown, /^pps/)?.trouble, /^the second is not known: nothing tells/)
  t.equal(view(unknown, /^pps/)?.lastSampleAt, undefined)
  t.ok(unknown.stage.world.notes.some(({ code }) => code === 'pulse-unnumbered'))
  const vouched = alone('system')
  t.equal(clock(vouched, PHC)?.state, 'locked')
  t.ok(maxError(vouched.record('system'), 200) < US, 'the system clock was 12 ms off')
})

t.test('a NIC that stamps both edges: the width tells which is which', async (t) => {
  const timeline = [at(0, pulses({ both: true, widthNs: 2e8 }))]
  const all = ntpOf(ntpNode('both', SERVERS))
  const told = [...all, extts({ edge: 'both', width: 0.2 })]
  const run = new Run(phcNode('both', { sources: told }, { timeline })).forSeconds(400)
  t.ok(maxError(run.record(PHC), 200) < 100, `${maxError(run.record(PHC), 200)} ns`)
  t.equal(view(run, /^pps/)?.trouble, '')
  const untold = [...all, extts()]
  const blind = new Run(phcNode('both', { sources: untold }, { timeline })).forSeconds(400)
  t.match(view(blind, /^pps/)?.trouble, /say edge: both/)
})

t.test('a foreign step of the PHC: no stamp of before is used', async (t) => {
  const timeline = [
    at(300.9, { do: 'foreign', clock: PHC, adjustment: { step: 400_000_000n } }),
    at(500, { do: 'foreign', clock: PHC, adjustment: { step: -70_000_000_000n } }),
  ]
  const sources = [...ntpOf(ntpNode('step', SERVERS)), extts()]
  const run = new Run(phcNode('step', { sources }, { timeline })).forSeconds(700)
  t.ok(maxError(run.record(PHC).slice(400, 499)) < 100, 'back after the first')
  t.ok(maxError(run.record(PHC), 600) < 100, 'back after the second')
  t.ok(maxError(run.record('system'), 200) < 100 * US, `${maxError(run.record('system'), 200)} ns`)
})

t.test('outputs begin with the lock, and again after a step', async (t) => {
  const timeline = [at(400, { do: 'foreign', clock: PHC, adjustment: { step: 3_000_000_000n } })]
  const sources = [...ntpOf(ntpNode('out', SERVERS)), extts()]
  const run = new Run(phcNode('out', { sources }, { timeline })).forSeconds(600)
  const fresh = run.stage.world.pulses.emissions.filter((each) => each.fresh)
  const times = fresh.map(({ at: ns }) => Number(ns) / 1e9)
  const locked = timeToState(run.record(PHC), 'locked') ?? Number.NaN
  t.ok((times[0] ?? 0) >= locked - 1, `first at ${times[0]} s, locked at ${locked} s`)
  t.ok((times[1] ?? 0) > 400, `second at ${times[1]} s`)
  const { notes } = run.stage.world
  t.equal(notes.filter(({ code }) => code === 'output').length, fresh.length)
})

t.test('a device that fails is told by name, and tried again', async (t) => {
  const fault = { code: 'PERMISSION', syscall: 'open(/dev/pps0)', errno: 'EACCES' } as const
  const timeline = [at(0, pulses({ fault })), at(200, pulses({ fault: undefined }))]
  const run = new Run(deviceNode('fault', ppsConfig({}), { timeline })).forSeconds(190)
  t.match(view(run, /^pps/)?.trouble, /open\(\/dev\/pps0\): EACCES/)
  t.match(clock(run, 'system')?.offsetSource, /^ntp:/)
  run.forSeconds(100)
  t.equal(clock(run, 'system')?.offsetSource, 'pps:/dev/pps0')
})
