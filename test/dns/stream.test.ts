import t from 'tap'
import { frame, MessageStream } from '../../agent/dns/stream.ts'

t.test('a message goes out behind its length', async (t) => {
  t.same([...frame(Uint8Array.of(7, 8, 9))], [0, 3, 7, 8, 9])
  t.same([...frame(new Uint8Array(300)).subarray(0, 2)], [1, 44])
})

t.test('a message is whole in whatever pieces it comes', async (t) => {
  const message = Uint8Array.from({ length: 300 }, (_, index) => index % 251)
  const bytes = frame(message)
  for (const size of [1, 2, 3, 150, 302]) {
    const stream = new MessageStream()
    t.equal(stream.partial, false)
    let whole: Uint8Array | undefined
    for (let at = 0; at < bytes.length; at += size) {
      t.equal(whole, undefined)
      whole = stream.push(bytes.subarray(at, at + size))
      t.equal(stream.partial, true)
    }
    t.same(whole, message, `pieces of ${size}`)
  }
})

t.test('what follows the first message is left alone', async (t) => {
  const stream = new MessageStream()
  t.same([...(stream.push(Uint8Array.of(0, 1, 42, 99, 99)) ?? [])], [42])
})
