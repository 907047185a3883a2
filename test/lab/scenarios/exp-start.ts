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
    const run = async (name: string, main: string, f: readonly string[]) => {
      for (let k = 0; k < 3; k++) {
        const from = process.hrtime.bigint()
        const p = startAgent(lab, YAML, { name: 'a', main, flags: f })
        await lab.wait(4)
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
    void plain
    await run('none', built, [])
    await run('semi', built, ['--max-semi-space-size=1'])
    await run('size', built, ['--optimize-for-size'])
    await run('old', built, ['--max-old-space-size=64'])
    await run('flags', built, flags)
    lab.call('cp', '-r', '/work/settle/dist-min', '/tmp/built/dist2')
    await run('min', '/tmp/built/dist2/agent/main.js', [])
    await run('minflags', '/tmp/built/dist2/agent/main.js', flags)
    return [{ name: 'x', value: 0, unit: '' }]
  },
}
void readFileSync
