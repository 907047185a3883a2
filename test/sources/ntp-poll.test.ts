import t from 'tap'
import { nanos, seconds } from '../../agent/core/units.ts'
import {
  type PollState,
  pollInterval,
  pollRated,
  pollSampled,
  pollSent,
  pollStepped,
  spread,
  startPoll,
} from '../../agent/sources/ntp-poll.ts'

const range = (minpoll: number, maxpoll: number, iburst = false) => ({ minpoll, maxpoll, iburst })
const NEAR = nanos(1e6)
const inSeconds = (state: PollState, delay = NEAR) => pollInterval(state, delay) / 1e9

function sampled(state: PollState, offsets: readonly number[], delay = nanos(0)): PollState {
  return offsets.reduce((now, offset) => pollSampled(now, nanos(offset), delay), state)
}

t.test('polls begin at minpoll', async (t) => {
  t.equal(inSeconds(startPoll(range(6, 10))), 64)
  t.equal(inSeconds(startPoll(range(0, 0))), 1)
})

t.test('the range is held within 1/64 s and 36 h', async (t) => {
  t.equal(inSeconds(startPoll(range(-9, 3))), 1 / 64)
  t.equal(inSeconds(startPoll(range(30, 40))), 2 ** 17)
  t.equal(startPoll(range(6, 4)).highest, 6, 'maxpoll below minpoll')
})

t.test('polls below one second need a server that answers within 10 ms', async (t) => {
  const state = startPoll(range(-4, 0))
  t.equal(inSeconds(state), 1 / 16)
  t.equal(inSeconds(state, nanos(10e6)), 1)
  t.equal(pollInterval(state, undefined), 1e9, 'not while it does not answer')
})

t.test('a burst asks every 2 s until 4 samples are good', async (t) => {
  let state = startPoll(range(6, 10, true))
  const seen: number[] = []
  for (let request = 0; request < 5; request += 1) {
    state = pollSampled(pollSent(state), nanos(0), nanos(0))
    seen.push(inSeconds(state))
  }
  t.same(seen, [2, 2, 2, 64, 64])
})

t.test('a burst ends after 8 requests, whatever came of them', async (t) => {
  let state = startPoll(range(6, 10, true))
  const seen: number[] = []
  for (let request = 0; request < 8; request += 1) {
    state = pollSent(state)
    seen.push(inSeconds(state))
  }
  t.same(seen, [2, 2, 2, 2, 2, 2, 2, 64])
})

t.test('a burst is never slower than the ordinary polls', async (t) => {
  t.equal(inSeconds(startPoll(range(0, 0, true))), 1)
})

t.test('a clock that does well alone is asked less and less', async (t) => {
  const eight = Array.from({ length: 8 }, () => 1000)
  const once = sampled(startPoll(range(4, 6)), eight, nanos(8000))
  t.equal(once.poll, 5)
  t.equal(sampled(once, eight.slice(1), nanos(8000)).poll, 5, 'seven are not enough')
  t.equal(sampled(once, [...eight, ...eight, ...eight], nanos(8000)).poll, 6, 'up to maxpoll')
})

t.test('two offsets in a row beyond jitter and delay shrink the interval', async (t) => {
  const wide = { ...startPoll(range(4, 6)), poll: 6 }
  t.equal(sampled(wide, [1000], nanos(7999)).poll, 6)
  t.equal(sampled(wide, [1000, 1000], nanos(7999)).poll, 5)
  t.equal(sampled(wide, [1000, 0, 1000], nanos(100)).poll, 6, 'jitter explains them')
  t.equal(
    sampled(
      wide,
      Array.from({ length: 20 }, () => 1e6),
    ).poll,
    4,
    'down to minpoll',
  )
})

t.test('the interval stays where minpoll equals maxpoll', async (t) => {
  const quiet = Array.from({ length: 40 }, () => 0)
  t.equal(sampled(startPoll(range(3, 3)), quiet, NEAR).poll, 3)
  t.equal(sampled(startPoll(range(3, 3)), [1e9, 1e9, 1e9, 1e9]).poll, 3)
})

t.test('RATE slows down by 16 at once, ends a burst, and is not forgotten', async (t) => {
  const rated = pollRated(pollSent(startPoll(range(0, 0, true))))
  t.equal(inSeconds(rated), 16)
  t.equal(sampled(rated, [1e9, 1e9, 1e9, 1e9, 1e9]).poll, 4)
  t.equal(pollRated(pollRated(rated)).poll, 10, '17 minutes are enough')
  t.equal(pollRated(startPoll(range(12, 12))).poll, 12, 'never faster than configured')
})

t.test('an offset from before a step is no measure of jitter', async (t) => {
  const before = pollSampled(startPoll(range(0, 3)), nanos(1e9), nanos(0))
  t.equal(pollSampled(pollStepped(before), nanos(0), nanos(0)).jitter, 0)
  t.equal(pollSampled(before, nanos(0), nanos(0)).jitter, 5e8)
})

t.test('intervals are up to 2 % longer than named', async (t) => {
  t.equal(spread(seconds(64), 0), 64e9)
  t.equal(spread(seconds(100), 0.5), 101e9)
})
