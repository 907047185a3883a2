import t from 'tap'
import { nanos } from '../../agent/core/units.ts'
import { drifters } from '../../agent/select/drifters.ts'
import { SampleFilter } from '../../agent/select/filter.ts'
import { at, sample } from './fixture.ts'

/** A source whose reference runs slow by `rate` ppb, measured once a second for a minute. */
function member(source: string, rate: number) {
  const filter = new SampleFilter()
  for (let k = 0; k < 60; k += 1) filter.add(sample({ at: at(k), offset: nanos(rate * k) }))
  return { source, filter }
}

t.test('who runs away from the middle is named with size and direction', async (t) => {
  const group = [member('a', 0), member('b', 3000), member('c', 10), member('d', -20)]
  const adrift = drifters(group, at(60))
  t.same([...adrift.keys()], ['b'])
  t.match(adrift.get('b'), /2\.\d+ ppm slow/)
  t.match(drifters([member('a', 0), member('b', -3000), member('c', 0)], at(60)).get('b'), /fast/)
})

t.test('a little is allowed, and two cannot be told apart', async (t) => {
  t.equal(drifters([member('a', 0), member('b', 80), member('c', -80)], at(60)).size, 0)
  t.equal(drifters([member('a', 0), member('b', 3000)], at(60)).size, 0)
})
