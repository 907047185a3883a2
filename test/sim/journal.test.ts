import t from 'tap'
import type { Action, Event } from '../../agent/core/machine.ts'
import { mono, utc } from '../../agent/core/units.ts'
import { actionLine, eventLine, journalTo } from '../../agent/sim/journal.ts'

const now = { mono: mono(12_000_200_113n), utc: utc(1_780_272_000_000_000_000n) }

t.test('an event and its actions are one line each, bytes as hex, bigints as digits', async (t) => {
  const event: Event = {
    on: 'received',
    channel: 'ntp:10.0.0.1|c',
    data: Uint8Array.of(0, 255, 16),
    stamp: { at: utc(1_780_272_000_000_000_001n), kind: 'kernel' },
  }
  t.equal(
    eventLine(event, now),
    '12.000200113 > received channel=ntp:10.0.0.1|c data=00ff10 stamp={at=1780272000000000001 kind=kernel}',
  )
  t.equal(eventLine({ on: 'start' }, { ...now, mono: mono(5n) }), '0.000000005 > start')
  const action: Action = { do: 'resolve', key: 'k', name: 'ntp-a' }
  t.equal(actionLine(action, now), '12.000200113 < resolve key=k name=ntp-a')
  t.equal(
    eventLine({ on: 'resolved', key: 'k', addresses: ['a', 'b'] }, now),
    '12.000200113 > resolved key=k addresses=[a,b]',
  )
})

t.test('lines come in the order of cause and effect', async (t) => {
  const lines: string[] = []
  journalTo((line) => lines.push(line))({ on: 'start' }, now, [{ do: 'cancel', key: 'k' }])
  t.same(lines, ['12.000200113 > start', '12.000200113 < cancel key=k'])
})
