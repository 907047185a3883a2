import t from 'tap'
import { comparisonOf } from '../../agent/core/comparison.ts'
import type { Action, Event, Now } from '../../agent/core/machine.ts'
import type { PulseInput } from '../../agent/core/pulse.ts'
import { mono, nanos, phc, ppb, utc } from '../../agent/core/units.ts'
import { SeededRandom } from '../../agent/sim/random.ts'
import { PpsSource } from '../../agent/sources/pps.ts'

const CASES = 1500
const EVENTS = 200
const seed = process.env['FUZZ_SEED'] ?? 'pps'
const SECOND = 1e9
const UTC = 1_795_000_000n * 1_000_000_000n

const INPUTS: readonly PulseInput[] = [
  { kind: 'pps', device: '/dev/pps0', edge: 'rising' },
  { kind: 'extts', clock: 'phc:a', channel: 0, pin: undefined, edge: 'rising' },
  { kind: 'extts', clock: 'phc:a', channel: 0, pin: undefined, edge: 'both' },
]
const CODES = ['NO_DEVICE', 'PERMISSION', 'NOT_SUPPORTED', 'IO'] as const

class World {
  readonly random: SeededRandom
  #ns = 0

  constructor(name: string) {
    this.random = new SeededRandom(name)
  }

  now(): Now {
    this.#ns += this.random.uniform() * SECOND
    const ns = BigInt(Math.round(this.#ns))
    return { mono: mono(ns), utc: utc(UTC + ns) }
  }

  number(scale: number): bigint {
    return BigInt(Math.round((this.random.uniform() - 0.5) * 2 * scale))
  }

  #stamp(now: Now): bigint {
    const scale = this.random.uniform() < 0.1 ? 1e18 : SECOND
    return (now.utc as bigint) - this.number(scale)
  }

  #changed(now: Now): Event {
    const step = this.random.uniform() < 0.5 ? 0n : this.number(1e12)
    return {
      on: 'change',
      change: {
        ...{ clock: this.random.uniform() < 0.5 ? 'system' : 'phc:a', at: now.mono, step },
        ...{ frequency: ppb(Number(this.number(1e5))), uncertainty: nanos(0) },
        ...{ foreign: this.random.uniform() < 0.5 },
        ...(this.random.uniform() < 0.1 && { leap: 1 as const }),
      },
    }
  }

  event(now: Now): Event {
    const at = now.utc as bigint
    switch (Math.floor(this.random.uniform() * 7)) {
      case 0:
        return { on: 'timer', key: 'read' }
      case 1:
        return this.#changed(now)
      case 2: {
        const code = CODES[Math.floor(this.random.uniform() * CODES.length)] ?? 'IO'
        const fault = { code, syscall: 'x', errno: 'E' }
        return { on: 'failed', what: 'pulses', key: 'read', fault }
      }
      case 3: {
        const before = utc(at - this.number(1e6))
        const after = utc(at + this.number(1e6))
        const readings = [{ before, phc: phc(this.#stamp(now)), after }]
        return { on: 'compared', key: 'second', comparison: comparisonOf('extended', readings) }
      }
      case 4: {
        const bound = this.random.uniform() < 0.3 ? undefined : nanos(Number(this.number(5e8)))
        const standing = { clock: 'system' as const, state: 'locked' as const, source: '' }
        return {
          on: 'standing',
          standing: { ...standing, bound, steered: true, taiOffset: 0, leap: 'none' },
        }
      }
      default: {
        const count = Math.floor(this.random.uniform() * 4)
        const stamps = Array.from({ length: count }, () => this.#stamp(now))
        return { on: 'pulses', key: 'read', stamps }
      }
    }
  }
}

/** What is wrong with what came out; empty: nothing. */
function wrong(actions: readonly Action[], now: Now, input: PulseInput): string {
  for (const action of actions) {
    if (action.do === 'timer' && action.at < now.mono - 2_000_000_000n) return 'a timer long ago'
    if (action.do !== 'sample') continue
    const { offset, at } = action.sample
    if (!Number.isFinite(offset)) return `offset ${offset}`
    if (input.kind === 'pps' && Math.abs(offset) > SECOND / 2 + 100) return `offset ${offset}`
    // a batch holds samples back
    if (at > now.mono || now.mono - at > 200_000_000_000n) return `sample of ${at} at ${now.mono}`
  }
  return ''
}

t.test('whatever devices and clocks do, samples are sane', async (t) => {
  let samples = 0
  for (let k = 0; k < CASES; k++) {
    const world = new World(`${seed} ${k}`)
    const input = INPUTS[k % INPUTS.length] as PulseInput
    const source = new PpsSource({
      ...{ id: 'pps:x', input, vouched: k % 2 === 0, delay: nanos(50) },
      ...{ accuracy: nanos(100), width: nanos(1e8) },
    })
    source.handle({ on: 'start' }, world.now())
    for (let e = 0; e < EVENTS; e++) {
      const now = world.now()
      const actions = source.handle(world.event(now), now)
      const why = wrong(actions, now, input)
      if (why !== '') t.fail(`case ${k}, event ${e}, seed ${seed}: ${why}`)
      const { reach } = source.view(now)
      if (!(reach >= 0 && reach <= 255)) t.fail(`reach ${reach}, seed ${seed}`)
      samples += actions.filter((each) => each.do === 'sample').length
    }
  }
  t.ok(samples > 1000, `${samples} samples`)
})
