/**
 * Our NTP client and `chronyd -x`, both asking one chronyd over one veth pair at the same rate. All
 * share one kernel clock: whatever either reports as offset is its error.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeArgs, openPath, type Path, type Program } from './harness.ts'

export interface Offsets {
  /** |offset| of each sample in ns, in the order measured. */
  readonly ours: readonly number[]
  readonly chrony: readonly number[]
  readonly stamps: readonly string[]
  /** How many of our samples were made in interleaved mode. */
  readonly output: string
}

const lines = (program: Program): Record<string, unknown>[] =>
  program
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** chronyd as a server of the path's first end; it never touches the clock (`-x`). */
export function startServer(path: Path, ...extra: string[]): Program {
  const file = join(path.folder, 'server.conf')
  const config = ['local stratum 1', 'allow', 'cmdport 0', `pidfile ${path.folder}/server.pid`]
  writeFileSync(file, `${[...config, `bindaddress ${path.addressA}`, ...extra].join('\n')}\n`)
  return path.run(path.a, 'chronyd', ['-x', '-d', '-u', 'root', '-f', file])
}

function startChronyClient(path: Path, poll: number, xleave: boolean): Program {
  const file = join(path.folder, 'client.conf')
  const source = `server ${path.addressA} minpoll ${poll} maxpoll ${poll} iburst`
  const config = [`${source}${xleave ? ' xleave' : ''}`, 'cmdport 0', `logdir ${path.folder}`]
  writeFileSync(
    file,
    `${[...config, 'log rawmeasurements', `pidfile ${path.folder}/c.pid`].join('\n')}\n`,
  )
  return path.run(path.b, 'chronyd', ['-x', '-d', '-u', 'root', '-f', file])
}

/** The offset column of measurements.log (man chrony.conf, `log rawmeasurements`), seconds. */
function chronyOffsets(path: Path): number[] {
  return readFileSync(join(path.folder, 'measurements.log'), 'utf8')
    .split('\n')
    .filter((line) => /^\d{4}-/.test(line))
    .map((line) => Math.abs(Number(line.trim().split(/\s+/)[11])) * 1e9)
}

/** Runs both for `seconds`; the first eight samples of each (burst, mode change) are left out. */
export async function measurePath(
  poll: number,
  xleave: boolean,
  seconds: number,
  flags: readonly string[] = [],
): Promise<Offsets> {
  const path = openPath(xleave ? 'ni' : 'nb')
  try {
    const server = startServer(path)
    await server.saw(/chronyd version/)
    const source = `{ server: ${path.addressA}, minpoll: ${poll}, maxpoll: ${poll}, xleave: ${xleave}, iburst: true }`
    const ours = path.run(
      path.b,
      process.execPath,
      nodeArgs('test/peers/measure.ts', `sources: [{ ntp: ${source} }]`, ...flags),
    )
    await ours.saw(/"do":"sample"/, 60)
    startChronyClient(path, poll, xleave)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    await ours.stop()
    const samples = lines(ours).filter((line) => line['do'] === 'sample')
    return {
      ours: samples.map((line) => Math.abs(Number(line['offset']))).slice(8),
      chrony: chronyOffsets(path).slice(8),
      stamps: [...new Set(samples.slice(8).map((line) => String(line['stamps'])))],
      output: ours.output(),
    }
  } finally {
    await path.close()
  }
}
