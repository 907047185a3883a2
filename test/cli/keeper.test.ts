import t from 'tap'
import { Keeper } from '../../agent/cli/keeper.ts'
import type { Action, Event } from '../../agent/core/machine.ts'
import { mono, utc } from '../../agent/core/units.ts'
import { processView, snapshot } from '../observe/fixture.ts'

function build() {
  let seconds = 100
  const now = () => ({ mono: mono(BigInt(Math.round(seconds * 1e9))), utc: utc(0n) })
  let made = 0
  const agent = {
    handle: (event: Event): readonly Action[] =>
      event.on === 'stop'
        ? [{ do: 'note', code: 'jump', detail: '' }]
        : [{ do: 'cancel', key: 'x' }],
    snapshot: (at: ReturnType<typeof now>) => {
      made += 1
      return { ...snapshot, mono: at.mono }
    },
  }
  const keeper = new Keeper({ agent, now, process: () => processView })
  const pass = (by: number) => {
    seconds += by
  }
  return { keeper, pass, now, made: () => made }
}

t.test('a snapshot is made at most once per second, however often it is asked for', async (t) => {
  const { keeper, pass, made } = build()
  const first = keeper.snapshot()
  pass(0.9)
  t.equal(keeper.snapshot(), first)
  t.equal(made(), 1)
  pass(0.2)
  t.not(keeper.snapshot(), first)
  t.equal(made(), 2)
})

t.test('what is worth a note is worth a new snapshot', async (t) => {
  const { keeper, now } = build()
  const first = keeper.snapshot()
  keeper.handle({ on: 'start' }, now())
  t.equal(keeper.snapshot(), first)
  keeper.handle({ on: 'stop' }, now())
  t.not(keeper.snapshot(), first)
})

t.test('the heartbeat is the age of the last event', async (t) => {
  const { keeper, pass, now } = build()
  t.equal(keeper.heartbeatAge(), 0, 'starting counts')
  pass(7)
  t.equal(keeper.heartbeatAge(), 7)
  t.same(keeper.handle({ on: 'start' }, now()), [{ do: 'cancel', key: 'x' }])
  t.equal(keeper.heartbeatAge(), 0)
  t.equal(keeper.process(), processView)
})
