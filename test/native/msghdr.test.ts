import t from 'tap'
import { parseControl } from '../../native/msghdr.ts'

const SOL_SOCKET = 1
const align = (size: number): number => (size + 7) & ~7

type Fill = (view: DataView) => void

/** Control messages one after the other, as the kernel lays them out. */
function control(...messages: readonly (readonly [type: number, length: number, fill: Fill])[]) {
  const total = messages.reduce((sum, [, length]) => sum + align(16 + length), 0)
  const view = new DataView(new ArrayBuffer(total))
  let at = 0
  for (const [type, length, fill] of messages) {
    view.setBigUint64(at, BigInt(16 + length), true)
    view.setInt32(at + 8, SOL_SOCKET, true)
    view.setInt32(at + 12, type, true)
    fill(new DataView(view.buffer, at + 16, length))
    at += align(16 + length)
  }
  return view
}

const stamps = (software: readonly [bigint, bigint], hardware: readonly [bigint, bigint]) =>
  [
    37,
    48,
    (view: DataView) => {
      for (const [at, [seconds, ns]] of [
        [0, software],
        [32, hardware],
      ] as const) {
        view.setBigInt64(at, seconds, true)
        view.setBigInt64(at + 8, ns, true)
      }
    },
  ] as const

const frame = (index: number, length: number) =>
  [
    58,
    16,
    (view: DataView) => {
      view.setUint32(0, index, true)
      view.setUint32(4, length, true)
    },
  ] as const

t.test('a received packet: both stamps, its interface and its length', async (t) => {
  const view = control(frame(3, 90), stamps([5n, 6n], [7n, 8n]))
  t.same(parseControl(view, view.byteLength), {
    software: 5_000_000_006n,
    hardware: 7_000_000_008n,
    id: undefined,
    frame: { interfaceIndex: 3, length: 90 },
  })
})

t.test('a stamp of zero is none, and no packet information is none', async (t) => {
  const view = control(stamps([5n, 6n], [0n, 0n]))
  const attached = parseControl(view, view.byteLength)
  t.same(attached, { software: 5_000_000_006n, hardware: undefined, id: undefined })
  t.notOk('frame' in attached)
})

t.test('packet information that was cut short is skipped', async (t) => {
  const view = control(stamps([5n, 6n], [7n, 8n]), frame(3, 90))
  const attached = parseControl(view, view.byteLength - 4)
  t.equal(attached.hardware, 7_000_000_008n)
  t.equal(attached.frame, undefined)
  const short = control([58, 8, () => undefined])
  t.equal(parseControl(short, short.byteLength).frame, undefined)
})
