/** The agent under test inside the virtual machine: its configuration, its start, what it says. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClockStatus, Status } from '../../agent/observe/status-types.ts'
import { flagsOfUnit } from '../../bench/lib/unit-flags.ts'
import type { Lab, Program } from './lab.ts'

const DIST = join(dirname(fileURLToPath(import.meta.url)), '../..')
const APP = '/tmp/app'
const BUILT = '/tmp/built'
const SOCKET = '/tmp/timewarden.sock'

export interface Agent extends Program {
  /** What it answers on /status. */
  status(): Promise<Status>
}

/**
 * The program and what it depends on, in memory: the guest reads its root through a file system whose
 * waits count as time, 5 s of them for a start that takes 0.2 s on a node.
 */
export function installAgent(lab: Lab): string {
  const main = join(APP, 'dist/agent/main.js')
  if (existsSync(main)) return main
  mkdirSync(join(APP, 'node_modules'), { recursive: true })
  lab.call('cp', '-r', DIST, join(APP, 'dist'))
  const dependencies = readFileSync(join(DIST, 'dependencies'), 'utf8').trim().split('\n')
  for (const path of dependencies) {
    const inside = path.slice(path.indexOf('node_modules'))
    mkdirSync(dirname(join(APP, inside)), { recursive: true })
    lab.call('cp', '-r', path, join(APP, inside))
  }
  lab.call(process.execPath, main, 'version')
  return main
}

/** What `npm run build` made, with the same dependencies: as it is shipped, in a few files. */
export function installBuilt(lab: Lab): string {
  const main = join(BUILT, 'dist/agent/main.js')
  if (existsSync(main)) return main
  installAgent(lab)
  if (!existsSync('dist/agent/main.js')) throw new Error('dist/ is missing: npm run build')
  mkdirSync(BUILT, { recursive: true })
  lab.call('cp', '-r', 'dist', join(BUILT, 'dist'))
  writeFileSync(join(BUILT, 'package.json'), '{"type":"module"}')
  symlinkSync(join(APP, 'node_modules'), join(BUILT, 'node_modules'))
  lab.call(process.execPath, main, 'version')
  return main
}

interface Start {
  readonly name?: string
  /** Of Node. */
  readonly flags?: readonly string[]
  readonly main?: string
}

/** `yaml`: clocks and sources. Socket and state stay in the guest's scratch folder. */
export function startAgent(lab: Lab, yaml: string, start: Start = {}): Agent {
  const { name = 'agent', flags = [], main = installAgent(lab) } = start
  const file = `/tmp/${name}.yaml`
  const rest = [`socket: ${SOCKET}`, 'stateDirectory: /tmp/state', 'dns: { enabled: false }']
  writeFileSync(file, `${yaml}\n${rest.join('\n')}\n`)
  const program = lab.start(name, process.execPath, ...flags, main, 'run', '--config', file)
  return { ...program, status }
}

/** As a node runs it beside programs that come built as well: bundled, with the flags of the unit. */
export const startShipped = (lab: Lab, yaml: string): Agent =>
  startAgent(lab, yaml, { flags: flagsOfUnit(process.cwd()), main: installBuilt(lab) })

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
