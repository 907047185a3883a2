import t from 'tap'
import type { ChildConfig } from '../../agent/config/types.ts'
import type { Action, ChildExit, Event, Now } from '../../agent/core/machine.ts'
import { mono, utc } from '../../agent/core/units.ts'
import { Child } from '../../agent/supervise/child.ts'

const CONFIG: ChildConfig = {
  name: 'ptp4l.0',
  file: 'ptp4l.0.config',
  text: '[global]\n',
  command: ['ptp4l', '-f', '/state/ptp4l.0.config', '-m'],
  socket: '/state/ptp4l.0.socket',
}
const NOBODY = { code: 'REFUSED', syscall: 'connect', errno: 'ECONNREFUSED' } as const
const CRASH: ChildExit = { code: undefined, signal: 'SIGSEGV', last: [] }
const LINES = ['one', 'two', 'ptp4l[5.250]: [ptp4l.0.config] no such thing', 'failed to start']
const BAD: ChildExit = { code: 255, signal: '', last: LINES }
const TOLD = 'exit code 255: two; no such thing; failed to start'

const at = (seconds: number): Now => {
  const ns = BigInt(Math.round(seconds * 1e9))
  return { mono: mono(ns), utc: utc(ns) }
}
const refused: Event = { on: 'failed', what: 'open', key: 'probe', fault: NOBODY }

/** A child with a clock beside it. */
class Bench {
  readonly child = new Child(CONFIG)
  time = 0
  pid = 100

  send(event: Event): readonly Action[] {
    return this.child.handle(event, at(this.time))
  }

  /** From the event that begins a start to the program that runs. */
  run(first: Event): readonly Action[] {
    this.send(first)
    this.send({ on: 'stored', key: 'config' })
    this.send(refused)
    return this.send({ on: 'spawned', key: 'program', pid: this.pid++ })
  }

  /** It ends after `seconds`; how long until the next start. */
  end(seconds: number, exit = CRASH): number {
    this.time += seconds
    const timer = this.send({ on: 'exited', key: 'program', exit }).find(
      (action) => action.do === 'timer',
    )
    const wait = Number((timer?.at ?? mono(0n)) - at(this.time).mono) / 1e9
    this.time += wait
    return wait
  }

  again = (): readonly Action[] => this.run({ on: 'timer', key: 'again' })
}

t.test('configuration, socket, program: in this order', async (t) => {
  const bench = new Bench()
  t.same(bench.send({ on: 'start' }), [
    { do: 'store', key: 'config', file: 'ptp4l.0.config', text: '[global]\n' },
  ])
  t.match(bench.child.view(), { state: 'starting', restarts: 0, lastExit: undefined })
  t.match(bench.send({ on: 'stored', key: 'config' }), [
    { do: 'open', transport: 'unix', address: CONFIG.socket },
  ])
  t.match(bench.send(refused), [
    { do: 'spawn', name: 'ptp4l.0', command: CONFIG.command, socket: CONFIG.socket },
  ])
  t.match(bench.send({ on: 'spawned', key: 'program', pid: 7 }), [
    { do: 'note', code: 'child-started', detail: /^process 7: ptp4l -f / },
  ])
  t.match(bench.child.view(), { state: 'up', pid: 7, trouble: '', backOffSeconds: 0 })
})

t.test('a program that ends at once is started after 1, 2, 4 ... 60 s', async (t) => {
  const bench = new Bench()
  bench.run({ on: 'start' })
  const waits = [0, 1, 2, 3, 4, 5, 6, 7].map(() => {
    const wait = bench.end(0.1)
    t.match(bench.child.view(), { state: 'back-off', backOffSeconds: wait, pid: undefined })
    bench.again()
    return wait
  })
  t.same(waits, [1, 2, 4, 8, 16, 32, 60, 60])
  t.equal(bench.child.view().restarts, 8)
})

t.test('one that lived for a minute was well: the wait is 1 s again', async (t) => {
  const bench = new Bench()
  bench.run({ on: 'start' })
  bench.end(1)
  bench.again()
  t.equal(bench.end(59), 2)
  bench.again()
  t.equal(bench.end(60), 1)
  bench.again()
  t.equal(bench.end(1), 2)
})

t.test('how it ended and what it said last is told', async (t) => {
  const bench = new Bench()
  bench.run({ on: 'start' })
  t.match(bench.send({ on: 'exited', key: 'program', exit: BAD }), [
    { do: 'note', code: 'child-exited', detail: TOLD },
    { do: 'timer' },
  ])
  t.match(bench.child.view(), { lastExit: BAD, trouble: TOLD })
})

t.test('who answers on the socket is named once, left alone, and looked at again', async (t) => {
  const bench = new Bench()
  const probe = (): readonly Action[] => {
    bench.send({ on: 'stored', key: 'config' })
    return bench.send({ on: 'opened', channel: 'probe', stamps: 'daemon' })
  }
  bench.send({ on: 'start' })
  t.match(probe(), [
    { do: 'close', channel: 'probe' },
    { do: 'note', code: 'child-foreign' },
    { do: 'timer' },
  ])
  t.equal(bench.child.view().state, 'foreign')
  bench.send({ on: 'timer', key: 'again' })
  t.same(
    probe().map((action) => action.do),
    ['close', 'timer'],
  )
  t.equal(bench.child.view().state, 'foreign', 'all the time')
  bench.again()
  t.equal(bench.child.view().state, 'up', 'it has gone')
})

t.test('what cannot be written, looked at or started is tried again', async (t) => {
  const denied = { code: 'PERMISSION', syscall: 'connect', errno: 'EACCES' } as const
  for (const what of ['store', 'open', 'spawn'] as const) {
    const bench = new Bench()
    bench.send({ on: 'start' })
    const failed: Event = { on: 'failed', what, key: 'any', fault: denied }
    t.match(bench.send(failed), [
      { do: 'note', code: 'child-failed', detail: /EACCES/ },
      { do: 'timer' },
    ])
    t.match(bench.child.view(), { state: 'back-off', trouble: /EACCES/ })
    t.same(
      bench.send(failed).map((action) => action.do),
      ['timer'],
      'told once',
    )
  }
})

t.test('at the end it is asked to end, and never started again', async (t) => {
  const bench = new Bench()
  bench.run({ on: 'start' })
  t.match(bench.send({ on: 'stop' }), [
    { do: 'cancel', key: 'again' },
    { do: 'close' },
    { do: 'kill', key: 'program', grace: 3e9 },
  ])
  t.same(bench.send({ on: 'exited', key: 'program', exit: CRASH }), [])
  t.same(bench.send({ on: 'timer', key: 'again' }), [])
  t.same(bench.send(refused), [], 'nor by an answer that was under way')
  t.match(bench.child.view(), { state: 'stopped', pid: undefined, lastExit: CRASH })
})
