/**
 * A fixed piece of the agent's own work, to compare processors by: the same build of Node runs it in the
 * guest, whose processor does exactly one instruction per ns, and on the host. All of it is arithmetic and
 * memory: the simulated world of two PHCs at 16 Hz and a ptp4l that tells of 16 Syncs a second.
 */
import { clockConfig, ptp4lConfig, simConfig } from '../../agent/sim/plain-config.ts'
import { Run } from '../../agent/sim/run.ts'

const RATE = 16
const SOCKET = '/var/run/ptp4l'
const WARM_SECONDS = 120
const SECONDS = 240

const phc = (index: number) => ({
  name: `phc:eth${index}` as const,
  info: {
    ...{ index, device: `/dev/ptp${index}`, clockName: 'sim' },
    ...{ interfaces: [`eth${index}`], pci: '', driver: 'sim' },
  },
  ...{ offset: 1e-6 * index, frequencyPpb: 500 * index, wanderPpb: 0.5 },
})

/** The agent in that world, from its start. */
const started = (): Run =>
  new Run(
    {
      seed: 'yardstick',
      phcs: [phc(0), phc(1)],
      ptp4l: { clock: 'phc:eth0', socket: SOCKET, domain: 0, interval: 1 / RATE },
      config: simConfig({
        clocks: {
          system: clockConfig({ mode: 'drive' }),
          'phc:eth0': clockConfig({ mode: 'follow', rate: RATE }),
          'phc:eth1': clockConfig({ mode: 'drive', rate: RATE, reference: ['phc:eth0'] }),
        },
        sources: [ptp4lConfig({ socket: SOCKET, domain: 0 })],
      }),
    },
    { interval: 60 },
  )

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function measure(): number {
  const run = started().forSeconds(WARM_SECONDS)
  const before = cpuSeconds()
  run.forSeconds(SECONDS)
  return cpuSeconds() - before
}

/** CPU seconds of this process for SECONDS of that world, compiled and warm: the least of three. */
export const yardstick = (): number => Math.min(measure(), measure(), measure())
