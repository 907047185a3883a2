/**
 * The same task for several programs, one after the other in one boot: same devices, same oscillator,
 * same start. Which of them begins depends on the seed, lest the order decides.
 */
import { rmSync, writeFileSync } from 'node:fs'
import type { Lab, Program, Truth } from './lab.ts'
import { type Check, type ClockOf, rmsOf, settled } from './scenario.ts'
import { resetSystemClock } from './system-clock.ts'

export interface Contestant {
  readonly name: string
  /** Reads the program from disk before its turn, as on a node that ran it before. */
  warm?(lab: Lab): unknown
  start(lab: Lab): Program
}

export interface Task {
  /** What is steered, and against what it is judged. */
  readonly clock: ClockOf
  readonly against?: ClockOf
  /** Start this many ns ahead, nothing dialled. */
  readonly offset: number
  readonly seconds: number
  /** The last of them count as steady. */
  readonly steadySeconds: number
  /** Largest errors "for good" of which the time is taken, ns. */
  readonly limits: readonly number[]
}

interface Turn {
  readonly name: string
  readonly readings: readonly Truth[]
  /** Of the steady part: the start is not what a node pays for. */
  readonly cpuSeconds: number
  readonly pssBytes: number
}

/** Nothing dialled, nothing learnt, `offset` ns ahead of the truth. */
export function untouched(lab: Lab, offset: number): void {
  rmSync('/tmp/state', { recursive: true, force: true })
  resetSystemClock(lab, offset)
}

async function runTurn(lab: Lab, { name, start, warm }: Contestant, task: Task): Promise<Turn> {
  if (warm !== undefined) warm(lab)
  untouched(lab, task.offset)
  const program = start(lab)
  const settling = await lab.watch(task.seconds - task.steadySeconds)
  const before = program.cpu()
  const steady = await lab.watch(task.steadySeconds)
  const turn = {
    ...{ name, readings: [...settling, ...steady] },
    ...{ cpuSeconds: program.cpu() - before, pssBytes: program.pss() },
  }
  await program.stop()
  const lines = turn.readings.map(({ at, system, phc0, phc1 }) =>
    [at, system, phc0, phc1].join(','),
  )
  writeFileSync(`/tmp/out/${name}.csv`, `${['at,system,phc0,phc1', ...lines].join('\n')}\n`)
  return turn
}

/** Figures of one turn, as checks without limits: `<figure>|<contestant>`. */
function figuresOf({ name, readings, ...turn }: Turn, task: Task): Check[] {
  const from = readings[0]?.at ?? 0
  const end = readings.at(-1)?.at ?? 0
  const steady = readings.filter(({ at }) => at > end - task.steadySeconds)
  const { clock, against } = task
  const figure = (what: string, value: number, unit: string): Check => ({
    name: `${what}|${name}`,
    value,
    unit,
  })
  return [
    figure('steady RMS', rmsOf(steady, clock, against), 'ns'),
    ...task.limits.map((limit) =>
      figure(`time to ${limit} ns`, settled(readings, from, { clock, limit, against }), 's'),
    ),
    figure('CPU time per hour', (turn.cpuSeconds / task.steadySeconds) * 3600, 's'),
    figure('memory (PSS)', turn.pssBytes / 1e6, 'MB'),
  ]
}

export async function contest(
  lab: Lab,
  contestants: readonly Contestant[],
  task: Task,
): Promise<Check[]> {
  const first = lab.seed % contestants.length
  const order = [...contestants.slice(first), ...contestants.slice(0, first)]
  const checks: Check[] = []
  for (const contestant of order) {
    lab.say(`${contestant.name} has its turn`)
    checks.push(...figuresOf(await runTurn(lab, contestant, task), task))
  }
  return checks
}
