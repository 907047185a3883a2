import t from 'tap'
import { readExposition } from '../../agent/dns/exposition.ts'

const PANICS = 'coredns_panics_total'
const BROKEN = 'coredns_forward_healthcheck_broken_total'

t.test('the sum of all series of a name, whatever their labels', async (t) => {
  const { sums, faults } = readExposition(
    [
      `# HELP ${PANICS} A metrics that counts the number of panics.`,
      `# TYPE ${PANICS} counter`,
      `${PANICS} 3`,
      `${PANICS}_more 7`,
      `${BROKEN}{server="dns://:53",note="a } \\" {"} 1`,
      `${BROKEN}{server="dns://:54"} 1.5e+01 1700000000000`,
      'process_start_time_seconds 1.78027200012e+09',
      '',
    ].join('\n'),
    [PANICS, BROKEN, 'process_start_time_seconds', 'absent'],
  )
  t.same(faults, [])
  t.same(
    [...sums],
    [
      [PANICS, 3],
      [BROKEN, 16],
      ['process_start_time_seconds', 1780272000.12],
    ],
  )
})

t.test('a line that is not understood is told of, and the others count', async (t) => {
  const lines = [`${PANICS} NaN`, `${PANICS}`, `${PANICS}{a="b} 1`, `${PANICS} 2`, `${PANICS} 0x10`]
  const { sums, faults } = readExposition(lines.join('\n'), [PANICS])
  t.same([...sums], [[PANICS, 2]])
  t.same(
    faults.map(({ code, line, text }) => [code, line, text]),
    [
      ['bad-value', 1, lines[0]],
      ['bad-series', 2, lines[1]],
      ['bad-series', 3, lines[2]],
      ['bad-value', 5, lines[4]],
    ],
  )
})
