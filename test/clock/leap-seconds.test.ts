import { createHash } from 'node:crypto'
import t from 'tap'
import { BUNDLED_TEXT } from '../../agent/clock/leap-bundle.ts'
import { LeapKeeper } from '../../agent/clock/leap-keeper.ts'
import { LEAP_LIST } from '../../agent/clock/leap-list.ts'
import { LeapSeconds } from '../../agent/clock/leap-seconds.ts'
import type { LeapMode } from '../../agent/config/types.ts'
import type { Now } from '../../agent/core/machine.ts'
import { mono, utc } from '../../agent/core/units.ts'

const at = (text: string) => utc(BigInt(Date.parse(text)) * 1_000_000n)
const EVE = at('2026-12-31T12:00:00Z')
const SECOND = 1_000_000_000n

/** The second of 2027-01-01 is inserted, by this list. */
function list(updated: string, expires = '4040000000'): string {
  const rows = ['3692217600 37', '4007750400 38']
  const digits = [updated, expires, ...rows].join('').replaceAll(' ', '')
  const hash = createHash('sha1').update(digits).digest('hex').match(/.{8}/g) ?? []
  return [`#$ ${updated}`, `#@ ${expires}`, ...rows, `#h ${hash.join(' ')}`].join('\n')
}

const NEWER = '3995000000'
const named = (text = list(NEWER), mode: LeapMode = 'system'): LeapSeconds => {
  const leaps = new LeapSeconds({ mode, list: '/etc/leap-seconds.list' })
  t.equal(leaps.load(text), undefined)
  return leaps
}

t.test('without a file the list inside tells TAI - UTC', async (t) => {
  const leaps = new LeapSeconds({ mode: 'system', list: '' })
  t.equal(leaps.tai(EVE), 37)
  t.match(leaps.view(EVE), { origin: 'bundled', expired: false, verified: true })
  t.equal(leaps.tai(at('2030-01-01T00:00:00Z')), undefined, 'nobody knows')
  t.equal(leaps.view(at('2030-01-01T00:00:00Z')).expired, true)
})

t.test('a list that was named rules', async (t) => {
  t.match(named().announced('none', EVE), { warning: 'insert', by: 'the list says', dispute: '' })
  t.match(named().announced('delete', EVE), {
    warning: 'insert',
    dispute: 'the sources say delete, the list says insert',
  })
  t.equal(named(BUNDLED_TEXT).announced('insert', EVE).warning, 'none')
  t.equal(named().announced('none', at('2026-12-30T23:59:59Z')).warning, 'none', 'a day early')
})

t.test('a list that nobody named adds what the sources do not tell', async (t) => {
  const leaps = new LeapSeconds({ mode: 'system', list: LEAP_LIST })
  t.match(leaps.announced('insert', EVE), { warning: 'insert', by: 'the sources say' })
  leaps.load(list(NEWER))
  t.match(leaps.announced('none', EVE), { warning: 'insert', by: 'the list says' })
})

t.test('an old file does not replace the newer list inside', async (t) => {
  const leaps = new LeapSeconds({ mode: 'system', list: LEAP_LIST })
  t.equal(leaps.load(list('3900000000')), undefined)
  t.equal(leaps.view(EVE).origin, 'bundled')
})

t.test('a broken file is named, and what was there stays', async (t) => {
  const leaps = named()
  t.match(leaps.load(list(NEWER).replace('4007750400', '4007750401')), /bad-hash in line 5/)
  t.equal(leaps.announced('none', EVE).warning, 'insert')
})

t.test('a leap second that is in no list is counted on top of it', async (t) => {
  const leaps = new LeapSeconds({ mode: 'system', list: '' })
  const before = at('2026-12-31T23:59:00Z')
  const after = at('2027-01-01T00:03:00Z')
  leaps.happened(1, before, after)
  t.equal(leaps.tai(after), 38)
  const listed = named()
  listed.happened(1, before, after)
  t.equal(listed.tai(after), 38)
})

function keeper(mode: LeapMode, leaps = named(list(NEWER), mode)) {
  const notes: string[] = []
  const start = at('2026-12-31T23:59:57Z')
  const now = (seconds: number): Now => {
    const ns = BigInt(Math.round(seconds * 1e9))
    return { mono: mono(100n * SECOND + ns), utc: utc(start + ns) }
  }
  return { keeper: new LeapKeeper(leaps, ({ code }) => notes.push(code)), notes, now }
}

t.test('the kernel is told on the day, and only in its own mode', async (t) => {
  const own = keeper('system')
  own.keeper.look('none', own.now(0))
  own.keeper.look('none', own.now(1))
  t.match(own.keeper.kernel(own.now(1), 'locked'), { leap: 'insert', taiOffset: 37 })
  t.equal(
    own.keeper.kernel(own.now(1), 'acquiring').taiOffset,
    undefined,
    'the date is not known yet',
  )
  t.same(own.notes, ['leap'], 'said once')
  t.equal(own.keeper.due(own.now(3)), undefined)
  const ours = keeper('step')
  ours.keeper.look('none', ours.now(0))
  t.equal(ours.keeper.kernel(ours.now(0), 'locked').leap, 'none')
})

t.test(
  'our own step is due at midnight, once, although the second is gone through twice',
  async (t) => {
    const { keeper: kept, now } = keeper('step')
    kept.look('none', now(0))
    t.equal(kept.wakeAt(now(0)), now(3).mono)
    t.equal(kept.due(now(2.9)), undefined)
    t.same(kept.due(now(3.001)), { by: 1, act: 'step' })
    kept.leapt(1, now(3.001))
    const again = { ...now(3.5), utc: now(2.5).utc }
    kept.look('none', again)
    t.equal(kept.due({ ...now(4.5), utc: now(3.5).utc }), undefined)
    t.equal(
      kept.kernel(again, 'locked').taiOffset,
      38,
      'although the list says so only a second later',
    )
  },
)

t.test('a second is deleted at 23:59:59, as the sources say', async (t) => {
  const leaps = new LeapSeconds({ mode: 'slew', list: '' })
  const { keeper: kept, now, notes } = keeper('slew', leaps)
  kept.look('delete', now(0))
  t.equal(kept.wakeAt(now(0)), now(2).mono)
  t.same(kept.due(now(2)), { by: -1, act: 'slew' })
  t.same(notes, ['leap', 'leap-disagree'])
})

t.test('a moment that was slept through is not made up for', async (t) => {
  const { keeper: kept, now } = keeper('step')
  kept.look('none', now(0))
  t.equal(kept.due(now(3600)), undefined)
})

t.test(
  'a grandmaster that vouches comes before the list, and may be slow after a leap',
  async (t) => {
    const { keeper: kept, now } = keeper('system')
    kept.vouched(36)
    t.equal(kept.kernel(now(0), 'locked').taiOffset, 36)
    kept.leapt(1, now(3))
    kept.vouched(36)
    t.equal(kept.kernel(now(4), 'locked').taiOffset, 37)
    kept.vouched(37)
    t.equal(kept.kernel(now(5), 'locked').taiOffset, 37)
  },
)
