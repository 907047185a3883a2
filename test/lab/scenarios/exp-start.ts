import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { flagsOfUnit } from '../../../bench/lib/unit-flags.ts'
import { installAgent, installBuilt, startAgent } from '../agent.ts'
import type { Scenario } from '../scenario.ts'

const YAML = `clocks:
  system: { mode: drive, step: { boot: 0 } }
  "phc:lab1": { mode: follow, rate: 1 }
sources:
  - ptp4l: { socket: /var/run/ptp4l }`

export const expStart: Scenario = {
  title: 'start',
  run: async (lab) => {
    const plain = installAgent(lab)
    const built = installBuilt(lab)
    const flags = flagsOfUnit(process.cwd())
    const time = (name: string, ...args: string[]) => {
      for (let k = 0; k < 2; k++) {
        const from = lab.elapsed()
        execFileSync(process.execPath, args)
        lab.say(`${name}: ${(lab.elapsed() - from).toFixed(3)}`)
      }
    }
    time('node -e 0', '-e', '0')
    time('plain version', plain, 'version')
    time('built version', built, 'version')
    time('built version flags', ...flags, built, 'version')
    const run = async (name: string, main: string, f: readonly string[]) => {
      for (let k = 0; k < 2; k++) {
        const from = process.hrtime.bigint()
        const p = startAgent(lab, YAML, { name: 'a', main, flags: f })
        await lab.wait(6)
        for (const line of p
          .output()
          .split('\n')
          .filter((l) => l !== '')) {
          const { mono, event, subject, detail } = JSON.parse(line)
          lab.say(`${name} ${(mono - Number(from) / 1e9).toFixed(3)} ${event} ${subject} ${detail}`)
        }
        await p.stop()
      }
    }
    await run('plain', plain, [])
    await run('built', built, [])
    await run('flags', built, flags)
    return [{ name: 'x', value: 0, unit: '' }]
  },
}
void readFileSync
