/** The runner with a real process: the end of the agent waits for that of its children. */
import t from 'tap'
import type { Action, Event } from '../../agent/core/machine.ts'
import { nanos } from '../../agent/core/units.ts'
import { type Core, Runner } from '../../agent/runtime/runner.ts'

const unused = (): never => {
  throw new Error('not asked for')
}

const spawn = (script: string): Action => ({
  ...{ do: 'spawn', key: 'k', name: 'n', socket: '/nonexistent/socket' },
  command: ['sh', '-c', script],
})

/** A core that starts one child and ends it; `ready` once that wrote its first line. */
function bench(script: string, grace: number) {
  const events: Event[] = []
  const core: Core = {
    handle: (event) => {
      events.push(event)
      if (event.on === 'start') return [spawn(script)]
      return event.on === 'stop' ? [{ do: 'kill', key: 'k', grace: nanos(grace) }] : []
    },
  }
  let ready: () => void = unused
  const first = new Promise<void>((resolve) => {
    ready = resolve
  })
  const runner = new Runner(core, {
    compare: { compare: unused },
    identify: { identify: unused },
    files: { load: unused, store: unused },
    log: () => undefined,
    output: { line: () => ready(), dropped: unused },
  })
  return { runner, events, first }
}

t.test('the end waits for a child that takes its time', async (t) => {
  const { runner, events, first } = bench(
    'trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done',
    60e9,
  )
  runner.start()
  await first
  await runner.stop()
  t.match(events.at(-1), { on: 'exited', exit: { code: 3, last: ['up', 'bye'] } })
})

t.test('one that does not obey is ended', async (t) => {
  const { runner, events, first } = bench(
    'trap "" TERM; echo up; while :; do sleep 0.05; done',
    0.2e9,
  )
  runner.start()
  await first
  await runner.stop()
  t.match(events.at(-1), { on: 'exited', exit: { code: undefined, signal: 'SIGKILL' } })
})
