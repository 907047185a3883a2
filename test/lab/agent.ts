/** The agent under test inside the virtual machine: its configuration, its start, what it says. */
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClockStatus, Status } from '../../agent/observe/status-types.ts'
import type { Lab, Program } from './lab.ts'

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '../../agent/main.js')
const SOCKET = '/tmp/timewarden.sock'

export interface Agent extends Program {
  /** What it answers on /status. */
  status(): Promise<Status>
}

/** Its files are in the page cache afterwards: the guest reads them through a slow file system. */
export function warmAgent(lab: Lab): void {
  const before = lab.elapsed()
  lab.call(process.execPath, MAIN, 'check-config', '/dev/null')
  lab.say(`read from disk in ${(lab.elapsed() - before).toFixed(1)} s`)
}

/** `yaml`: clocks and sources. Socket and state stay in the guest's scratch folder. */
export function startAgent(lab: Lab, yaml: string, name = 'agent'): Agent {
  const file = `/tmp/${name}.yaml`
  const rest = [`socket: ${SOCKET}`, 'stateDirectory: /tmp/state', 'dns: { enabled: false }']
  writeFileSync(file, `${yaml}\n${rest.join('\n')}\n`)
  const program = lab.start(name, process.execPath, MAIN, 'run', '--config', file)
  return { ...program, status }
}

function status(): Promise<Status> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: SOCKET, path: '/status' }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      answer.on('end', () => resolve(JSON.parse(text) as Status))
    })
    asked.on('error', reject)
    asked.end()
  })
}

export const clockOf = ({ clocks }: Status, name: string): ClockStatus => {
  const clock = clocks.find((each) => each.name === name)
  if (clock === undefined) throw new Error(`/status knows no clock ${name}`)
  return clock
}
