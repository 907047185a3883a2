/** The real linter of Prometheus on what we export. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { renderMetrics } from '../../agent/observe/metrics.ts'
import { processView, snapshot } from '../observe/fixture.ts'
import { needs } from './harness.ts'

t.test('promtool finds nothing to say about the metrics', needs('promtool'), async (t) => {
  const input = await renderMetrics({ snapshot, process: processView })
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input,
    encoding: 'utf8',
  })
  t.equal(stdout + stderr, '')
  t.equal(status, 0)
})

t.test('promtool would have said so', needs('promtool'), async (t) => {
  const input = '# TYPE timewarden_steps_total gauge\ntimewarden_steps_total 1\n'
  const { status } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
  t.not(status, 0)
})
