/** What metrics, status, health and the screen tell of the programs that the agent keeps running. */
import t from 'tap'
import { renderStatus } from '../../agent/cli/render-status.ts'
import { assessHealth } from '../../agent/observe/health.ts'
import { renderMetrics } from '../../agent/observe/metrics.ts'
import type { Snapshot } from '../../agent/observe/snapshot.ts'
import { toStatus } from '../../agent/observe/status-json.ts'
import type { ChildView } from '../../agent/supervise/view.ts'
import { deadChild, fresh, healthy } from './fixture.ts'

const living: ChildView = {
  ...deadChild,
  ...{ name: 'ptp4l.1', state: 'up', pid: 4711, restarts: 0, lastExit: undefined },
  ...{ trouble: '', backOffSeconds: 0 },
}
const both: Snapshot = { ...healthy, children: [deadChild, living] }

t.test('a child that does not run is a problem with its last words', async (t) => {
  t.match(assessHealth(both), {
    level: 'warning',
    problems: [
      {
        subject: 'child:ptp4l.0',
        text: 'ptp4l.0 does not run, tried again after 16 s: exit code 255: failed to create a clock',
      },
    ],
  })
  t.equal(assessHealth({ ...healthy, children: [living] }).level, 'ok')
  const early = assessHealth({ ...fresh, children: [deadChild] })
  t.equal(early.problems[0]?.subject, 'child:ptp4l.0', 'also before the first sample')
  const foreign = { ...deadChild, state: 'foreign' } as const
  const [problem] = assessHealth({ ...healthy, children: [foreign] }).problems
  t.match(problem?.next, /stop the other program/)
})

t.test('metrics by the name of the child', async (t) => {
  const text = await renderMetrics({ snapshot: both, process: undefined })
  for (const line of [
    'up{child="ptp4l.0"} 0',
    'up{child="ptp4l.1"} 1',
    'restarts_total{child="ptp4l.0"} 4',
    'last_exit_code{child="ptp4l.0"} 255',
    'back_off_seconds{child="ptp4l.0"} 16',
    'back_off_seconds{child="ptp4l.1"} 0',
  ]) {
    t.ok(text.includes(`\ntimewarden_child_${line}\n`), line)
  }
  t.notMatch(text, /last_exit_code\{child="ptp4l.1"/, 'it never ended')
  const lastExit = { code: undefined, signal: 'SIGSEGV', last: [] }
  const killed: Snapshot = { ...healthy, children: [{ ...deadChild, lastExit }] }
  const after = await renderMetrics({ snapshot: killed, process: undefined })
  t.match(after, /last_exit_code\{child="ptp4l.0"\} -1/)
})

t.test('the status has all of it, the screen a table', async (t) => {
  const status = toStatus(both)
  t.match(status.children, [
    { state: 'back-off', pid: null, stateSeconds: 5, lastExit: { code: 255, signal: '' } },
    { state: 'up', pid: 4711, lastExit: null },
  ])
  const text = renderStatus(status).join('\n')
  t.match(text, /\nChildren\n/)
  t.match(text, /ptp4l\.0 +back-off +5 s +- +4 +exit code 255: failed to create a clock/)
  t.match(text, /ptp4l\.1 +up +5 s +4711 +0/)
  t.notMatch(renderStatus(toStatus(healthy)).join('\n'), 'Children')
})
