import t from 'tap'
import { nanos, seconds, utc } from '../../agent/core/units.ts'
import { Association } from '../../agent/sources/ntp-association.ts'
import { makeRequest } from '../../agent/sources/ntp-exchange.ts'
import { type NtpPacket, utcToStamp } from '../../agent/sources/ntp-packet.ts'

const NOW = 1_800_000_000_000_000_000n
const LIMITS = { maxDelay: seconds(3), correction: nanos(0) }
const REQUEST = makeRequest(new Uint8Array(16).fill(7), undefined)

const packet: NtpPacket = {
  ...{ leap: 'none', version: 4, mode: 4, stratum: 1, poll: 0, precision: -24 },
  ...{ rootDelay: nanos(0), rootDispersion: nanos(0), referenceId: 0, reference: 1n },
  origin: REQUEST.transmit,
  receive: utcToStamp(utc(NOW)),
  transmit: utcToStamp(utc(NOW)),
  extensions: [],
  mac: undefined,
}

/** Exchanges that differ in nothing but what their sends took. */
function delaysOf(costs: readonly (number | undefined)[]): number[] {
  const association = new Association(false)
  return costs.map((cost) => {
    const stamp = (at: bigint) => ({ at: utc(at), kind: 'kernel' as const })
    const exchange = {
      ...{ packet, interleaved: false, t1: stamp(NOW - 1000n), t4: stamp(NOW + 1000n) },
      ...{ sendCost: cost === undefined ? undefined : nanos(cost), moved: nanos(0) },
    }
    const measured = association.settle(exchange, REQUEST, LIMITS)
    return measured.ok ? measured.measurement.delay - 2000 : Number.NaN
  })
}

t.test('what a send takes is the median of the last ones', async (t) => {
  t.same(delaysOf([4000, 5000, 6000]), [4000, 4500, 5000])
  t.equal(delaysOf([4000, 4000, 4000, 9_000_000]).at(-1), 4000, 'one that was held up is outvoted')
  const adapts = [...Array(8).fill(4000), ...Array(8).fill(7000)]
  t.equal(delaysOf(adapts).at(-1), 7000, 'an old kernel way is forgotten')
})

t.test('a machine that is held up for good says nothing of a server', async (t) => {
  t.equal(delaysOf([9_000_000]).at(-1), 50_000)
})

t.test('without a cost nothing is added, and one that cannot be is not taken', async (t) => {
  t.same(delaysOf([undefined, -5000]), [0, 0], 'the clock was changed in between')
})
