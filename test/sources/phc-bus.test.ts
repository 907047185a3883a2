import t from 'tap'
import { nanos } from '../../agent/core/units.ts'
import { BusWatch } from '../../agent/sources/phc-bus.ts'

t.test('a slow bus is told once, with what it costs', async (t) => {
  const bus = new BusWatch()
  const see = (us: number) => bus.see(nanos(us * 1000))
  for (let k = 0; k < 7; k++) t.same(see(92), [])
  t.same(see(3), [], 'a fast reading in between: not the bus')
  for (let k = 0; k < 7; k++) t.same(see(92), [])
  t.match(see(92), [{ code: 'slow-bus', detail: /takes 92 us.*46 us/ }])
  t.same(see(92), [])
})
