/**
 * Happenings out of a seed: for some hours everything that a network, a careless administrator and
 * a minority of bad servers can do, then half an hour of peace. Whatever happened, the agent lives, the
 * published bound was true but for the moments after what nobody can know at once, and in the end the
 * clock is right.
 */
import t from 'tap'
import { ppb } from '../../agent/core/units.ts'
import type { ClockAdjustment } from '../../agent/ports/clock.ts'
import type { Link } from '../../agent/sim/network.ts'
import type { NtpBehaviour } from '../../agent/sim/peers/ntp-server.ts'
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

const CALM = { delayNs: 100_000, jitterNs: 10_000, loss: 0, asymmetryNs: 0 }
const GOOD = { errorNs: 0, driftPpb: 0, stratum: 2, kiss: undefined, silent: false } as const

/** What happens, how long it lasts (nothing else happens meanwhile), and how it ends. */
interface Drawn {
  readonly deed: Deed
  readonly seconds?: number
  readonly end?: Deed
}
type Draw = (random: SeededRandom, now: number) => Drawn

const cut = (down: boolean): Deed => ({ do: 'ntp-link', server: 'all', set: { down } })

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

const set = (server: string, behaviour: Partial<NtpBehaviour>): Drawn => ({
  deed: { do: 'ntp', server, set: behaviour },
})
const link = (server: string, changes: Partial<Link>): Drawn => ({
  deed: { do: 'ntp-link', server, set: changes },
})
const foreign = (adjustment: ClockAdjustment): Drawn => ({
  deed: { do: 'foreign', clock: 'system', adjustment },
})

const DRAWS: readonly Draw[] = [
  (random) => link(anyServer(random), rough(random)),
  (random) => link(anyServer(random), CALM),
  (random) => link(anyShaky(random), { down: random.uniform() < 0.5 }),
  (random) => ({ deed: cut(true), seconds: between(random, 1, 1800), end: cut(false) }),
  (random) => set(anyLiar(random), { ...GOOD, errorNs: scaled(random, 100 * US, 3000e9) }),
  (random, now) => {
    const driftPpb = scaled(random, 100, 100_000)
    return set(anyLiar(random), { driftPpb, errorNs: -driftPpb * now })
  },
  (random) => set(anyShaky(random), { silent: random.uniform() < 0.5 }),
  (random) => set(anyShaky(random), { stratum: oneOf(random, [1, 2, 3, 10, 15, 16]) }),
  (random) => foreign({ step: BigInt(Math.round(scaled(random, 10 * US, 7200e9))) }),
  (random) => foreign({ frequency: ppb(scaled(random, 100, 400_000)) }),
  (random) => {
    const seconds = between(random, 1, 1800)
    const rtcErrorNs = BigInt(Math.round(scaled(random, US, 3e9)))
    return { deed: { do: 'suspend', seconds, rtcErrorNs }, seconds }
  },
]

const PEACEFUL: readonly Deed[] = [
  { do: 'ntp-link', server: 'all', set: { ...CALM, down: false } },
  { do: 'ntp', server: 'all', set: GOOD },
]

function turmoil(seed: string): readonly Happening[] {
  const random = new SeededRandom(`turmoil ${seed}`)
  const timeline: Happening[] = []
  let now = SETTLED
  for (;;) {
    const { deed, seconds = 0, end } = oneOf(random, DRAWS)(random, now)
    if (now + seconds >= PEACE) return [...timeline, at(PEACE, ...PEACEFUL)]
    timeline.push(at(now, deed))
    now += seconds
    if (end !== undefined) timeline.push(at(now, end))
    now += random.exponential(PAUSE)
  }
}

/** The seconds after what others did to the clock, before which nobody can know of it. */
const blindTimes = (timeline: readonly Happening[]): [number, number][] =>
  timeline.flatMap(({ at: begin, deeds }) =>
    deeds.flatMap((deed): [number, number][] => {
      if (deed.do === 'foreign') return [[begin, begin + FOREIGN_BLIND]]
      return deed.do === 'suspend' ? [[begin, begin + deed.seconds + FOREIGN_BLIND]] : []
    }),
  )

for (const seed of ['1', '2', 'y6', 'y14', 'y23']) {
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
