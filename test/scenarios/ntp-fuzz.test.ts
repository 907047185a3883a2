/**
 * Happenings out of a seed: for some hours everything that a network, a careless administrator and
 * a minority of bad servers can do, then half an hour of peace. Whatever happened, the agent lives, the
 * published bound was true but for the moments after what nobody can know at once, and in the end the
 * clock is right.
 */
import t from 'tap'
import { ppb } from '../../agent/core/units.ts'
import { SeededRandom } from '../../agent/sim/random.ts'
import { Run } from '../../agent/sim/run.ts'
import type { Deed, Happening } from '../../agent/sim/scenario.ts'
import { at, forGood, honest, judge, MS, nameOf, node, SETTLED, US } from './ntp-node.ts'

const HOURS = 3
const PEACE = SETTLED + HOURS * 3600
/** Mean time between happenings, s. */
const PAUSE = 240
/**
 * Two lie, a third one comes and goes; the other two are always true and, while there is any network,
 * always there. So there is a true majority, or none: nobody can help who hears liars alone.
 */
const SERVERS = 5
const LIARS = 2
const SHAKY = 3
const FOREIGN_BLIND = 2

const between = (random: SeededRandom, low: number, high: number): number =>
  low + (high - low) * random.uniform()

const oneOf = <T>(random: SeededRandom, list: readonly T[]): T =>
  list[Math.floor(random.uniform() * list.length)] as T

/** From `low` to `high` with equal chances for each power of ten, either sign. */
const scaled = (random: SeededRandom, low: number, high: number): number =>
  (random.uniform() < 0.5 ? -1 : 1) * Math.exp(between(random, Math.log(low), Math.log(high)))

const CALM = { delayNs: 100_000, jitterNs: 10_000, loss: 0, asymmetryNs: 0, down: false }
const GOOD = { errorNs: 0, driftPpb: 0, stratum: 2, kiss: undefined, silent: false } as const

type Draw = (random: SeededRandom, now: number) => Deed

const anyServer = (random: SeededRandom): string => nameOf(Math.floor(random.uniform() * SERVERS))
const anyShaky = (random: SeededRandom): string => nameOf(Math.floor(random.uniform() * SHAKY))
const anyLiar = (random: SeededRandom): string => nameOf(Math.floor(random.uniform() * LIARS))

const rough = (random: SeededRandom) => {
  const delayNs = Math.abs(scaled(random, 50 * US, 40 * MS))
  return {
    delayNs,
    jitterNs: Math.abs(scaled(random, US, 5 * MS)),
    loss: between(random, 0, 0.4),
    asymmetryNs: delayNs * between(random, -1, 1),
  }
}

const DRAWS: readonly Draw[] = [
  (random) => ({ do: 'ntp-link', server: anyServer(random), set: rough(random) }),
  (random) => ({ do: 'ntp-link', server: anyServer(random), set: CALM }),
  (random) => ({ do: 'ntp-link', server: 'all', set: { down: random.uniform() < 0.3 } }),
  (random) => ({
    ...{ do: 'ntp', server: anyLiar(random) },
    set: { ...GOOD, errorNs: scaled(random, 100 * US, 3000e9) },
  }),
  (random, now) => {
    const driftPpb = scaled(random, 100, 100_000)
    return { do: 'ntp', server: anyLiar(random), set: { driftPpb, errorNs: -driftPpb * now } }
  },
  (random) => ({ do: 'ntp-link', server: anyShaky(random), set: { down: random.uniform() < 0.5 } }),
  (random) => ({ do: 'ntp', server: anyShaky(random), set: { silent: random.uniform() < 0.5 } }),
  (random) => ({
    ...{ do: 'ntp', server: anyShaky(random) },
    set: { stratum: oneOf(random, [1, 2, 3, 10, 15, 16]) },
  }),
  (random) => ({
    ...{ do: 'foreign', clock: 'system' },
    adjustment: { step: BigInt(Math.round(scaled(random, 10 * US, 7200e9))) },
  }),
  (random) => ({
    ...{ do: 'foreign', clock: 'system' },
    adjustment: { frequency: ppb(scaled(random, 100, 400_000)) },
  }),
  (random) => ({
    ...{ do: 'suspend', seconds: between(random, 1, 1800) },
    rtcErrorNs: BigInt(Math.round(scaled(random, US, 3e9))),
  }),
]

const PEACEFUL: readonly Deed[] = [
  { do: 'ntp-link', server: 'all', set: CALM },
  { do: 'ntp', server: 'all', set: GOOD },
]

function turmoil(seed: string): readonly Happening[] {
  const random = new SeededRandom(`turmoil ${seed}`)
  const timeline: Happening[] = []
  for (let now = SETTLED; ; now += random.exponential(PAUSE)) {
    const deed = oneOf(random, DRAWS)(random, now)
    // whoever sleeps wakes before the peace
    const end = deed.do === 'suspend' ? now + deed.seconds : now
    if (end >= PEACE) break
    timeline.push(at(now, deed))
    now = end
  }
  return [...timeline, at(PEACE, ...PEACEFUL)]
}

/** The seconds after what others did to the clock, before which nobody can know of it. */
const blindTimes = (timeline: readonly Happening[]): [number, number][] =>
  timeline.flatMap(({ at: begin, deeds }) =>
    deeds.flatMap((deed): [number, number][] => {
      if (deed.do === 'foreign') return [[begin, begin + FOREIGN_BLIND]]
      return deed.do === 'suspend' ? [[begin, begin + deed.seconds + FOREIGN_BLIND]] : []
    }),
  )

for (const seed of ['1', '2', '3', '4', '5']) {
  t.test(`seed ${seed}: ${HOURS} hours of turmoil, then half an hour of peace`, async (t) => {
    const timeline = turmoil(seed)
    t.comment(`${timeline.length} happenings`)
    const run = new Run(node(seed, honest(SERVERS), { timeline })).forSeconds(PEACE + 2400)
    const record = run.record('system')
    // in the end the network is calm, but polls may have become rare and the frequency vague
    const limit = 200 * US
    const right = forGood(record, ({ error }) => Math.abs(error) <= limit) ?? Number.NaN
    t.ok(right - PEACE <= 1800, `right for good ${right - PEACE} s after the last happening`)
    t.equal(record.at(-1)?.state, 'locked')
    judge(t, run, { from: PEACE + 1800, error: limit, blind: blindTimes(timeline) })
  })
}
