import t from 'tap'
import { nanos, utc } from '../../agent/core/units.ts'
import { reportOf } from '../../agent/dns/report.ts'
import {
  assessHealth,
  checkLiveness,
  checkReadiness,
  EXIT_CODES,
} from '../../agent/observe/health.ts'
import { describeClock } from '../../agent/observe/sentence.ts'
import type { ClockView, EventRecord, Snapshot } from '../../agent/observe/snapshot.ts'
import { facts, resolvConf, silent as silentTarget } from '../dns/facts-fixture.ts'
import { AT, failingDns, fresh, healthy, liar, silent, snapshot, systemClock } from './fixture.ts'

const withClock = (clock: Partial<ClockView>): Snapshot => ({
  ...healthy,
  clocks: [{ ...systemClock, ...clock }],
})
const texts = (of: Snapshot) => assessHealth(of).problems.map(({ text }) => text)
const holdover = (left: number): Snapshot =>
  withClock({ state: 'holdover', holdoverLeftSeconds: left, reason: 'no usable reference' })

t.test('a node without a fault is ok and says what its clock is worth', async (t) => {
  t.same(assessHealth(healthy), {
    level: 'ok',
    sentence:
      'system clock locked to phc:eth0, within 214 ns of true time (bound), offset +12.4 ns',
    problems: [],
  })
})

t.test('each problem is one sentence with what to do next, the worst first', async (t) => {
  const dead: ClockView = {
    ...systemClock,
    adjustable: false,
    notAdjustable: 'CAP_SYS_TIME is missing',
  }
  const health = assessHealth({ ...snapshot, clocks: [dead] })
  t.equal(health.level, 'critical')
  t.same(
    health.problems.map(({ level, subject }) => [level, subject]),
    [
      ['critical', 'system'],
      ['warning', liar.id],
      ['warning', silent.id],
      ['warning', 'dns:10.128.0.10'],
    ],
  )
  t.ok(health.problems.every(({ next }) => next.length > 0))
  t.match(health.problems[1]?.text, 'is falseticker: 250 ms off the majority of 4')
})

t.test('the state of a clock decides its level', async (t) => {
  const levels: [Partial<ClockView>, string][] = [
    [{ state: 'locked' }, 'ok'],
    [{ state: 'acquiring', stateSeconds: 20 }, 'warning'],
    [{ state: 'acquiring', stateSeconds: 900 }, 'critical'],
    [{ state: 'acquiring', stateSeconds: 900, mode: 'observe' }, 'warning'],
    [{ state: 'holdover', holdoverLeftSeconds: 9000 }, 'warning'],
    [{ state: 'holdover', holdoverLeftSeconds: 60 }, 'critical'],
    [{ state: 'holdover', holdoverLeftSeconds: undefined }, 'warning'],
    [{ state: 'freerun' }, 'critical'],
    [{ state: 'freerun', mode: 'observe' }, 'unknown'],
  ]
  for (const [clock, level] of levels) {
    t.equal(assessHealth(withClock(clock)).level, level, JSON.stringify(clock))
  }
})

t.test('a bound that is too wide is told, whatever the state', async (t) => {
  t.equal(assessHealth(withClock({ bound: nanos(99e6) })).level, 'ok')
  t.equal(assessHealth(withClock({ bound: nanos(0.2e9) })).level, 'warning')
  t.equal(assessHealth(withClock({ bound: nanos(2e9) })).level, 'critical')
  t.same(texts(withClock({ bound: nanos(2e9) })), ['system may be off by 2.00 s'])
})

t.test('a kernel that contradicts a driven clock is told', async (t) => {
  const kernel = { ...systemClock.kernel!, synchronized: false }
  t.match(texts(withClock({ kernel })), [/kernel says that system is not synchronised/])
  t.same(texts(withClock({ kernel, mode: 'observe' })), [])
})

t.test('a clock that is only watched need not be adjustable', async (t) => {
  t.equal(assessHealth(withClock({ mode: 'follow', adjustable: false })).level, 'ok')
})

t.test('just after the start nothing is known, good or bad', async (t) => {
  t.equal(assessHealth(fresh).level, 'unknown')
  t.equal(assessHealth({ ...fresh, uptimeSeconds: 90 }).level, 'warning')
  const measured = { ...healthy, uptimeSeconds: 5 }
  const waiting = { ...silent, verdict: 'no-sample' as const }
  t.same(texts({ ...measured, sources: [...measured.sources, waiting] }), [], 'no-sample is early')
})

t.test('a node without any source knows nothing, and is told what to do', async (t) => {
  const health = assessHealth({ ...fresh, clocks: [], sources: [] })
  t.equal(health.level, 'unknown')
  t.match(health.problems, [{ text: /no source/, next: /run --config FILE/ }])
})

t.test('two failed DNS probes are chance, three are a problem', async (t) => {
  const withFailures = (failures: number, transport: 'udp' | 'tcp' = 'tcp'): Snapshot => ({
    ...healthy,
    dns: { ...healthy.dns, targets: [{ ...failingDns, failures, transport }] },
  })
  t.same(texts(withFailures(2)), [])
  t.match(texts(withFailures(3)), [/failed 3 times in a row over tcp: conn_refused/])
  t.match(assessHealth(withFailures(3)).problems[0]?.next, 'dig +tcp @10.128.0.10')
  t.match(assessHealth(withFailures(3, 'udp')).problems[0]?.next, 'dig @10.128.0.10')
})

t.test('a diagnosis takes the place of failures that it explains', async (t) => {
  const report = reportOf(facts({ targets: [silentTarget('10.128.0.10', ['config'])] }))
  const targets = [{ ...failingDns, failures: 12 }]
  const known = { ...healthy, dns: { ...healthy.dns, targets, report } }
  t.match(assessHealth(known).problems, [
    {
      level: 'warning',
      subject: 'dns:10.128.0.10',
      text: /is silent over UDP and TCP/,
      next: /firewall/,
    },
  ])
  t.equal(assessHealth(known).problems.length, 1)
  const other = {
    ...known,
    dns: { ...known.dns, targets: [{ ...targets[0]!, target: '10.0.0.9' }] },
  }
  t.equal(assessHealth(other).problems.length, 2, 'what it does not explain is told beside it')
  const info = reportOf(facts({ resolvConfs: [resolvConf({ ignored: ['10.0.0.4'] })] }))
  t.same(texts({ ...healthy, dns: { ...healthy.dns, report: info } }), [], 'info is no problem')
})

t.test('a foreign hand is told for ten minutes, once', async (t) => {
  const event = (age: bigint, detail: string): EventRecord => ({
    at: utc(AT - age * 1_000_000_000n),
    severity: 'error',
    subject: 'system',
    code: 'foreign-step',
    detail,
  })
  const events = [event(700n, 'old'), event(30n, 'by 2 s'), event(10n, 'by 3 s')]
  t.same(texts({ ...healthy, events }), ['system: somebody else stepped this clock (by 3 s)'])
  t.same(texts({ ...healthy, events: [event(700n, 'old')] }), [])
})

t.test('another hand on the frequency is no problem where we do not drive', async (t) => {
  const event: EventRecord = {
    at: AT,
    severity: 'error',
    subject: 'system',
    code: 'foreign-frequency',
    detail: '1 ppb became 2 ppb',
  }
  t.equal(texts({ ...healthy, events: [event] }).length, 1)
  t.same(texts({ ...withClock({ mode: 'follow', steered: false }), events: [event] }), [])
})

t.test('a source without a word of trouble is told by its verdict alone', async (t) => {
  const sources = [...healthy.sources, { ...liar, why: '', trouble: '' }]
  t.same(texts({ ...healthy, sources }), ['source ntp:10.99.0.4 is falseticker'])
})

t.test('levels exit as monitoring plug-ins do', async (t) => {
  t.same(EXIT_CODES, { ok: 0, warning: 1, critical: 2, unknown: 3 })
})

t.test('an agent is alive while it handles events, whatever its clock', async (t) => {
  t.equal(checkLiveness(1.5).ok, true)
  t.same(checkLiveness(42), { ok: false, reason: 'the agent handled no event for 42 s' })
})

t.test(
  'an agent is ready when it measures, and with sync when its clock may be trusted',
  async (t) => {
    t.equal(checkReadiness(fresh, false).ok, false)
    t.equal(checkReadiness(healthy, false).ok, true)
    t.equal(checkReadiness({ ...fresh, sources: [] }, false).ok, true, 'nothing to measure')
    t.equal(checkReadiness(healthy, true).ok, true)
    t.equal(checkReadiness(holdover(9000), true).ok, true)
    t.equal(checkReadiness(withClock({ state: 'acquiring' }), true).ok, false)
    t.same(checkReadiness({ ...healthy, clocks: [] }, true), {
      ok: false,
      reason: 'no system clock',
    })
  },
)

t.test('the sentence tells state, bound, offset and what is left', async (t) => {
  t.equal(
    describeClock(holdover(7500)),
    'system clock in holdover, within 214 ns of true time (bound), offset +12.4 ns, 2 h 5 min of holdover left',
  )
  t.equal(describeClock(fresh), 'system clock acquiring, how far from true time is unknown')
  t.match(describeClock(withClock({ state: 'acquiring' })), /^system clock acquiring phc:eth0/)
  t.match(describeClock(withClock({ state: 'freerun' })), /^system clock free running/)
  t.equal(describeClock({ ...healthy, clocks: [] }), 'no clock is looked after')
  const phcOnly = { ...healthy, clocks: [{ ...systemClock, name: 'phc:eth0' as const }] }
  t.match(describeClock(phcOnly), /^phc:eth0 clock locked/)
})
