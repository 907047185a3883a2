import t from 'tap'
import { nanos, seconds } from '../../agent/core/units.ts'
import {
  nextPoll,
  type Outcome,
  type PollRange,
  type PollState,
  pollAnew,
  pollAsked,
  pollExponent,
  polled,
  pollInterval,
  pollRated,
  spread,
  startPoll,
} from '../../agent/sources/ntp-poll.ts'

const range = (minpoll: number, maxpoll: number, more: Partial<PollRange> = {}): PollRange => ({
  ...{ minpoll, maxpoll, iburst: false, burst: false, xleave: false },
  ...more,
})
const NEAR = nanos(1e6)
const inSeconds = (state: PollState, delay = NEAR) => pollInterval(state, delay) / 1e9

interface Plan {
  /** What comes of the nth request; default: good. */
  readonly outcome?: (request: number) => Outcome
  readonly polite?: boolean
  readonly delay?: number
  readonly seconds?: number
}

/** Runs the schedule; times of the requests in seconds. */
function schedule(options: PollRange, plan: Plan = {}): number[] {
  const { outcome = () => 'good', polite = false, delay = 1e6, seconds: end = 3600 } = plan
  let state = startPoll(options, polite)
  const times: number[] = []
  for (let at = 0; at < end; ) {
    times.push(at)
    state = pollAsked(state)
    const what = outcome(times.length)
    state = polled(state, what)
    const next = nextPoll(state, nanos(delay), what !== 'unsent')
    state = next.state
    at += next.interval / 1e9
  }
  return times
}

/** Mean interval between the first and the last request. */
const meanInterval = (times: readonly number[]): number =>
  ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1)

const lost = (): Outcome => 'lost'
const WAN = { polite: true, delay: 20e6 }

t.test('the mean interval over an hour, for each configuration', async (t) => {
  const iburst = { iburst: true }
  const half = (request: number): Outcome => (request % 2 === 0 ? 'lost' : 'good')
  const table: readonly [string, PollRange, Plan, low: number, high: number][] = [
    ['LAN, defaults', range(6, 10, iburst), {}, 60, 64],
    ['LAN, minpoll 0', range(0, 10, iburst), {}, 1, 1],
    ['LAN, minpoll -4', range(-4, 10), {}, 1 / 16, 1 / 16],
    ['20 ms away, minpoll -4', range(-4, 10), { delay: 20e6 }, 1, 1],
    [
      'LAN, minpoll 3, burst, half is lost',
      range(3, 3, { burst: true }),
      { outcome: half },
      7.9,
      9,
    ],
    ['WAN, no burst', range(6, 10), WAN, 64, 64],
    ['WAN, defaults', range(6, 10, iburst), WAN, 64, 65],
    ['WAN, interleaved', range(6, 10, { ...iburst, xleave: true }), WAN, 64, 65],
    ['WAN, nobody answers', range(6, 10, iburst), { ...WAN, outcome: lost }, 120, 200],
    ['WAN, half is lost', range(6, 10, iburst), { ...WAN, outcome: half }, 64, 66],
    ['WAN, burst', range(6, 10, { burst: true }), { ...WAN, outcome: half }, 62, 68],
    ['WAN, no answer is good', range(6, 10), { ...WAN, outcome: () => 'answered' }, 64, 64],
    ['WAN, presend', range(6, 10, { presend: 6 }), WAN, 62, 68],
    ['WAN, all', range(6, 10, { ...iburst, burst: true, presend: 6, xleave: true }), WAN, 62, 70],
    ['WAN, minpoll 8, still paying', range(8, 10, iburst), WAN, 250, 300],
  ]
  for (const [name, options, plan, low, high] of table) {
    const mean = meanInterval(schedule(options, plan))
    t.ok(mean >= low && mean <= high, `${name}: ${mean.toFixed(2)} s of ${low} to ${high}`)
  }
})

t.test(
  'over a day nobody elsewhere is asked more often than every 64 s, by no options',
  async (t) => {
    const outcomes: readonly Outcome[] = [
      'good',
      'lost',
      'answered',
      'lost',
      'good',
      'good',
      'neutral',
    ]
    const flags = [false, true]
    for (const iburst of flags) {
      for (const burst of flags) {
        for (const presend of [undefined, 6]) {
          const options = range(6, 10, { iburst, burst, presend, xleave: burst })
          const outcome = (request: number): Outcome =>
            outcomes[request % outcomes.length] ?? 'good'
          const mean = meanInterval(schedule(options, { ...WAN, outcome, seconds: 86_400 }))
          t.ok(
            mean > 63.8,
            `${mean.toFixed(2)} s with ${JSON.stringify({ iburst, burst, presend })}`,
          )
        }
      }
    }
  },
)

t.test('polls stay at minpoll as long as the server answers', async (t) => {
  const times = schedule(range(6, 10), { seconds: 86_400 })
  t.same(new Set(times.slice(1).map((at, i) => at - (times[i] ?? 0))), new Set([64]))
})

t.test('the range is held within 1/64 s and 36 h', async (t) => {
  t.equal(inSeconds(startPoll(range(-9, 3), false)), 1 / 64)
  t.equal(inSeconds(startPoll(range(30, 40), false)), 2 ** 17)
  t.equal(startPoll(range(6, 4), false).highest, 6, 'maxpoll below minpoll')
})

t.test('polls below one second need a server that answers within 10 ms', async (t) => {
  const state = startPoll(range(-4, 0), false)
  t.equal(inSeconds(state), 1 / 16)
  t.equal(inSeconds(state, nanos(10e6)), 1)
  t.equal(pollInterval(state, undefined), 1e9, 'not while it does not answer')
})

t.test('iburst: every 2 s until 4 samples are good, at most 8 requests', async (t) => {
  const start = range(6, 10, { iburst: true })
  t.same(schedule(start, { seconds: 140 }), [0, 2, 4, 6, 70, 134])
  t.same(schedule(start, { seconds: 79, outcome: lost }), [0, 2, 4, 6, 8, 10, 12, 14, 78])
  const first = (request: number): Outcome => (request === 2 ? 'neutral' : 'good')
  t.same(schedule(start, { seconds: 20, outcome: first }), [0, 2, 4, 6, 8], 'interleaved: one more')
  t.same(schedule(range(0, 0, { iburst: true }), { seconds: 4 }), [0, 1, 2, 3], 'never slower')
})

t.test('iburst towards others is paid for, a quarter of an interval at a time', async (t) => {
  const times = schedule(range(6, 10, { iburst: true }), { polite: true, seconds: 1200 })
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0))
  t.same(gaps.slice(0, 5), [2, 2, 2, 80, 80])
  t.equal(gaps.at(-1), 64, 'until it is paid')
})

t.test('what does not leave this node is tried again, and costs nothing', async (t) => {
  const unsent = (request: number): Outcome => (request <= 20 ? 'unsent' : 'good')
  const times = schedule(range(6, 10, { iburst: true }), { outcome: unsent, seconds: 120 })
  t.same(times.slice(19), [38, 40, 42, 44, 46, 110])
})

t.test('a silent server is asked less and less, and at once again when it is back', async (t) => {
  const back = (request: number): Outcome => (request <= 20 ? 'lost' : 'good')
  const options = range(6, 10, { iburst: true })
  const times = schedule({ ...options, iburst: false }, { outcome: back, seconds: 5e4 })
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0))
  t.same(gaps.slice(0, 7), Array(7).fill(64))
  t.same(gaps.slice(7, 21), [
    ...Array(4).fill(128),
    ...Array(4).fill(256),
    ...Array(4).fill(512),
    1024,
    64,
  ])
  for (const [i, gap] of gaps.slice(7, 20).entries()) {
    t.ok(gap <= (times[i + 7] ?? 0) / 3, `${gap} s after ${times[i + 7]} s of silence`)
  }
  const quick = schedule(options, { outcome: (n) => (n <= 28 ? 'lost' : 'good'), seconds: 2e4 })
  const after = quick.slice(29).map((at, i) => at - (quick[28 + i] ?? 0))
  t.same(after.slice(0, 4), [2, 2, 2, 64], 'iburst measures it quickly')
})

t.test('burst: up to 3 more where one was no good, then not until they are paid', async (t) => {
  const third = (request: number): Outcome => (request === 3 ? 'answered' : 'good')
  const gaps = (outcome: Plan['outcome']) => {
    const times = schedule(range(4, 4, { burst: true }), {
      seconds: 600,
      ...(outcome && { outcome }),
    })
    return times.slice(1).map((at, i) => at - (times[i] ?? 0))
  }
  t.same(gaps(third).slice(0, 9), [16, 16, 2, 20, 20, 20, 18, 16, 16])
  t.same(
    gaps((request) => (request >= 3 ? 'lost' : 'good')).slice(0, 7),
    [16, 16, 2, 2, 2, 20, 20],
    'no more than 3',
  )
})

t.test('presend: a warm-up 2 s ahead, two in interleaved mode, from that poll on', async (t) => {
  const gaps = (more: Partial<PollRange>) => {
    const times = schedule(range(9, 10, more), { seconds: 3000 })
    return times.slice(1, 6).map((at, i) => at - (times[i] ?? 0))
  }
  t.same(gaps({ presend: 9 }).slice(0, 2), [510, 2])
  t.same(gaps({ presend: 9, xleave: true }).slice(0, 3), [508, 2, 2])
  t.same(gaps({ presend: 10 }), Array(5).fill(512))
  let state = startPoll(range(9, 10, { presend: 9 }), false)
  state = nextPoll(polled(pollAsked(state), 'good'), NEAR, true).state
  t.equal(pollAsked(state).warming, true)
  t.equal(pollAsked(pollAsked(state)).warming, false)
})

t.test('RATE slows down by 16 at once, and ends a burst', async (t) => {
  const rated = pollRated(pollAsked(startPoll(range(0, 0, { iburst: true }), false)))
  t.equal(inSeconds(rated), 16)
  t.equal(pollExponent(pollRated(pollRated(rated))), 10, '17 minutes are enough')
  t.equal(pollExponent(pollRated(startPoll(range(12, 12), false))), 12, 'never faster than before')
  t.equal(pollAnew(rated), rated, 'and no burst comes after it')
})

t.test(
  'RATE is forgiven a step for 8 good answers and not within an hour, but for the last one',
  async (t) => {
    let state = pollRated(startPoll(range(6, 10), true))
    const seen: number[] = []
    for (let answer = 0; answer < 72; answer += 1) {
      seen.push(pollExponent(state))
      state = polled(pollAsked(state), 'good')
    }
    t.same(
      [0, 7, 8, 16, 31, 32, 71].map((n) => seen[n]),
      [10, 10, 9, 8, 8, 7, 7],
    )
    t.equal(pollExponent(pollRated(state)), 10, 'the next one is heard as well')
  },
)

t.test('a foreign step begins a burst where iburst may', async (t) => {
  const calm = { ...startPoll(range(6, 10, { iburst: true }), false), burst: 0 }
  t.equal(inSeconds(calm), 64)
  t.equal(inSeconds(pollAnew(calm)), 2)
  const owing = { ...calm, debt: nanos(1e9) }
  t.equal(pollAnew(owing), owing, 'not while there is a debt')
})

t.test('intervals are up to 2 % longer than named', async (t) => {
  t.equal(spread(seconds(64), 0), 64e9)
  t.equal(spread(seconds(100), 0.5), 101e9)
})
