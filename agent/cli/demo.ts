/**
 * `timewarden demo`: the real agent in its simulated world, in real time (or `--speed` times that), with
 * the endpoints that a node has. Needs no privilege and no network, and touches no clock.
 */
import { Agent } from '../agent.ts'
import { toStatus } from '../observe/status-json.ts'
import type { Status } from '../observe/status-types.ts'
import { type Endpoint, parseListen } from '../runtime/http.ts'
import { createProcessMeter } from '../runtime/process.ts'
import { createDemo, DEMO_PERIOD, type Demo } from '../sim/demo-world.ts'
import { explainListenFault, openEndpoint } from './endpoints.ts'
import { Keeper } from './keeper.ts'
import { changesOf, formatElapsed, isLocked, progressLine } from './progress.ts'
import { onSignal } from './signals.ts'
import type { Screens } from './status.ts'
import type { Terminal } from './terminal.ts'
import { VERSION } from './version.ts'

export interface DemoOptions {
  readonly speed: number
  readonly seed: string
  /** Seconds of the world after which it ends; undefined: never. */
  readonly seconds: number | undefined
  readonly listen: string
}

const TICK_MS = 100
/** Without a terminal: a line each so many seconds of the world, and of real time. */
const LINE_SECONDS = 10
/** A machine that was asleep does not have to make up for it. */
const MAX_TICK_SECONDS = 1
/** However fast the world goes, the agent is looked at each second of it: no change is missed. */
const LOOK_SECONDS = 1

/** What the world says at moments in (from, to]; its timeline begins anew each period. */
export function happenings(
  timeline: Demo['timeline'],
  period: number,
  from: number,
  to: number,
): { readonly at: number; readonly say: string }[] {
  const found: { at: number; say: string }[] = []
  for (let round = Math.floor(from / period); round * period <= to; round++) {
    for (const { at, say } of timeline) {
      const moment = round * period + at
      if (say !== '' && moment > from && moment <= to) found.push({ at: moment, say })
    }
  }
  return found
}

/** Prints what happens in the world, what the agent makes of it, and the live line. */
class Narrator {
  readonly #out: Terminal
  #before: Status | undefined
  #lastLine = Number.NEGATIVE_INFINITY
  #lastLineReal = Number.NEGATIVE_INFINITY
  wasLocked = false

  constructor(out: Terminal) {
    this.#out = out
  }

  world(at: number, say: string): void {
    const { paint } = this.#out
    this.#out.line(`${paint('dim', formatElapsed(at))}  ${paint('bold', `*** ${say} ***`)}`)
  }

  agent(status: Status, realSeconds: number): void {
    const { paint } = this.#out
    const changes = changesOf(this.#before, status)
    const time = paint('dim', formatElapsed(status.uptimeSeconds))
    for (const change of changes) this.#out.line(`${time}  ${paint('blue', `=> ${change}`)}`)
    this.#before = status
    this.wasLocked ||= isLocked(status)
    this.#out.live(progressLine(status, paint))
    if (!this.#out.interactive) this.#plainLine(status, changes.length > 0, realSeconds)
  }

  #plainLine(status: Status, changed: boolean, realSeconds: number): void {
    const isDue =
      status.uptimeSeconds - this.#lastLine >= LINE_SECONDS && realSeconds - this.#lastLineReal >= 1
    if (!changed && !isDue) return
    this.#lastLine = status.uptimeSeconds
    this.#lastLineReal = realSeconds
    this.#out.line(progressLine(status))
  }
}

interface Play {
  readonly demo: Demo
  readonly keeper: Keeper
  readonly narrator: Narrator
  readonly options: DemoOptions
}

/** Drives the world until it has lived long enough or a signal comes. */
function play({ demo, keeper, narrator, options }: Play): Promise<void> {
  const { world, timeline } = demo
  const started = performance.now()
  let last = started
  const live = (to: number, realMs: number): void => {
    const from = world.elapsed
    world.runFor(to - from)
    const told = happenings(timeline, DEMO_PERIOD, from, world.elapsed)
    for (const { at, say } of told) narrator.world(at, say)
    narrator.agent(toStatus(keeper.snapshot()), realMs / 1000)
  }
  return new Promise((resolve) => {
    const step = (): void => {
      const now = performance.now()
      const real = Math.min(MAX_TICK_SECONDS, (now - last) / 1000)
      last = now
      const wanted = world.elapsed + real * options.speed
      const to = Math.min(wanted, options.seconds ?? wanted)
      // the world counts whole nanoseconds: less than a microsecond left is none
      while (to - world.elapsed > 1e-6)
        live(Math.min(to, world.elapsed + LOOK_SECONDS), now - started)
      if (options.seconds !== undefined && to >= options.seconds) finish()
    }
    const timer = setInterval(step, TICK_MS)
    const forget = onSignal(() => finish())
    const finish = (): void => {
      clearInterval(timer)
      forget()
      resolve()
    }
  })
}

function announce(out: Terminal, endpoint: Endpoint, { seed, speed }: DemoOptions): void {
  const { paint } = out
  out.line(paint('bold', 'Timewarden demo: the real agent in a simulated node'))
  out.line(`  page     http://${endpoint.address}/`)
  out.line(`  metrics  http://${endpoint.address}/metrics`)
  out.line(`  seed ${seed}, speed ${speed}; no clock of this machine is touched; Ctrl-C ends it`)
  out.line(paint('dim', '  time, state, offset (+ is ahead), error bound, frequency, reference'))
}

export async function runDemo(options: DemoOptions, { out, err }: Screens): Promise<number> {
  const target = parseListen(options.listen)
  if (target === undefined) {
    err.line(`--listen ${options.listen}: not an ADDRESS:PORT such as 127.0.0.1:9975`)
    return 64
  }
  const demo = createDemo(options.seed)
  const meter = createProcessMeter()
  const { world } = demo
  const agent = new Agent(demo.config, demo.node, VERSION)
  const keeper = new Keeper({ agent, now: () => world.now(), process: () => meter.read() })
  world.start(keeper)
  world.runFor(0.01)
  const listening = await openEndpoint(target, keeper, (error) => err.line(String(error)))
  if (!listening.ok) {
    meter.close()
    err.line(explainListenFault(listening))
    return 1
  }
  announce(out, listening.endpoint, options)
  const narrator = new Narrator(out)
  await play({ demo, keeper, narrator, options })
  world.stop()
  out.clear()
  out.line(`ended after ${formatElapsed(world.elapsed).trim()} of the world`)
  meter.close()
  await listening.endpoint.close()
  return narrator.wasLocked ? 0 : 1
}
