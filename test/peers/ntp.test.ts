import t from 'tap'
import { median } from '../../agent/core/stats.ts'
import { needs } from './harness.ts'
import { measurePath } from './ntp-path.ts'

// One kernel clock at both ends: the true offset is 0, and an offset measured is an error.
// The limits are those of a machine that is busy with something else, too: bench/ntp-path.ts prints
// what is reached.
const BASIC_LIMIT = 30_000
const INTERLEAVED_LIMIT = 10_000

t.setTimeout(120_000)

t.test(
  'a real chronyd is measured through the kernel, basic mode',
  needs('ip', 'chronyd'),
  async (t) => {
    const { ours, chrony, stamps } = await measurePath(-2, false, 10)
    t.ok(ours.length > 20, `${ours.length} samples`)
    t.ok(chrony.length > 20, `chronyd beside us has ${chrony.length}`)
    t.same(stamps, ['kernel'], 'stamps are the kernel’s')
    t.ok(median(ours) < BASIC_LIMIT, `median |offset| ${median(ours)} ns`)
  },
)

t.test(
  'and in interleaved mode, where the server tells when it really sent',
  needs('ip', 'chronyd'),
  async (t) => {
    const { ours, stamps } = await measurePath(-2, true, 10)
    t.ok(ours.length > 20, `${ours.length} samples`)
    t.same(stamps, ['kernel'])
    t.ok(median(ours) < INTERLEAVED_LIMIT, `median |offset| ${median(ours)} ns`)
  },
)

t.test(
  'without the FFI socket node:dgram carries on, and says so',
  needs('ip', 'chronyd'),
  async (t) => {
    const { ours, stamps } = await measurePath(-2, false, 5, ['--dgram'])
    t.ok(ours.length > 5, `${ours.length} samples`)
    t.same(stamps, ['daemon'], 'and says whose stamps they are')
    t.ok(median(ours) < 3e6, `median |offset| ${median(ours)} ns`)
  },
)
