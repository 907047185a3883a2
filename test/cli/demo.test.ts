import t from 'tap'
import { happenings, runDemo } from '../../agent/cli/demo.ts'
import { Terminal } from '../../agent/cli/terminal.ts'
import { DEMO_PERIOD, DEMO_TIMELINE } from '../../agent/sim/demo-world.ts'

t.test('what happens in the world is told when it happens, each period anew', async (t) => {
  const timeline = [
    { at: 10, say: 'lost', deeds: [] },
    { at: 20, say: '', deeds: [] },
  ]
  t.same(happenings(timeline, 100, 0, 10), [{ at: 10, say: 'lost' }])
  t.same(happenings(timeline, 100, 10, 109), [], 'once, and silent deeds never')
  t.same(happenings(timeline, 100, 109, 115), [{ at: 110, say: 'lost' }])
  t.same(
    happenings(timeline, 100, 0, 250).map(({ at }) => at),
    [10, 110, 210],
  )
  t.equal(happenings(DEMO_TIMELINE, DEMO_PERIOD, 0, DEMO_PERIOD).length, DEMO_TIMELINE.length)
})

function record() {
  const text = { out: '', err: '' }
  const terminal = (name: 'out' | 'err') =>
    new Terminal(
      {
        write: (more: string) => {
          text[name] += more
        },
      },
      true,
    )
  return { text, screens: { out: terminal('out'), err: terminal('err') } }
}

t.test('the demo locks, tells so, announces its page and ends', async (t) => {
  const { text, screens } = record()
  const options = { speed: 200, seed: '1', seconds: 60, listen: '127.0.0.1:0' }
  t.equal(await runDemo(options, screens), 0)
  t.match(text.out, /page +http:\/\/127\.0\.0\.1:\d+\/\n/)
  t.match(text.out, /=> system: .*-> locked/)
  t.match(text.out, /ended after 1:00 of the world\n$/)
  t.equal(text.err, '')
})

t.test('a demo that had no time to lock says so with its exit code', async (t) => {
  const { screens } = record()
  t.equal(await runDemo({ speed: 1, seed: '1', seconds: 0.1, listen: '127.0.0.1:0' }, screens), 1)
})

t.test('an address that is none is refused', async (t) => {
  const { text, screens } = record()
  t.equal(await runDemo({ speed: 1, seed: '1', seconds: 1, listen: '9975' }, screens), 64)
  t.match(text.err, 'not an ADDRESS:PORT')
})
