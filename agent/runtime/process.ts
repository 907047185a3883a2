/**
 * What this process costs and how late its loop is, for `process_*` and the event loop metrics.
 *
 * The kernel-side histogram of Node samples the loop by a timer of its own. Its values include the
 * period of that timer, so the period is taken off here. Ten samples a second cost nothing that can
 * be measured.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { ProcessView } from '../observe/process-view.ts'

const PERIOD_MS = 100

export interface ProcessMeter {
  /** Lags are those since the last reading. */
  read(): ProcessView
  close(): void
}

const overPeriod = (ns: number): number =>
  Number.isFinite(ns) ? Math.max(0, ns / 1e9 - PERIOD_MS / 1e3) : 0

export function createProcessMeter(): ProcessMeter {
  const delays = monitorEventLoopDelay({ resolution: PERIOD_MS })
  delays.enable()
  return {
    read() {
      const { user, system } = process.cpuUsage()
      const view: ProcessView = {
        cpuSeconds: (user + system) / 1e6,
        residentBytes: process.memoryUsage.rss(),
        startUnixSeconds: performance.timeOrigin / 1e3,
        loopLagMeanSeconds: overPeriod(delays.mean),
        loopLagMaxSeconds: delays.count === 0 ? 0 : overPeriod(delays.max),
        loopUtilization: performance.eventLoopUtilization().utilization,
      }
      delays.reset()
      return view
    },
    close: () => {
      delays.disable()
    },
  }
}
