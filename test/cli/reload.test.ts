/** The program itself, observing: no clock is steered here. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Status } from '../../agent/observe/status-types.ts'

t.setTimeout(60_000)

const MAIN = join(import.meta.dirname, '../../agent/main.ts')

class Program {
  readonly folder: string
  readonly child: ChildProcess
  text = ''

  constructor(folder: string, sources: string) {
    this.folder = folder
    this.write(sources)
    const args = ['--import=@tapjs/typescript/import', MAIN, 'run', '--config', this.file]
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.text += chunk.toString()
    })
  }

  get file(): string {
    return join(this.folder, 'timewarden.yaml')
  }

  get socket(): string {
    return join(this.folder, 's')
  }

  write(sources: string): void {
    const own = `listen: ""\nsocket: ${this.socket}\nstateDirectory: ${this.folder}`
    const rest = 'clocks: { system: { mode: observe } }\ndns: { enabled: false }'
    writeFileSync(this.file, `${own}\n${rest}\n${sources}\n`)
  }

  /** Until a line of the log beyond `from` fits. */
  async saw(pattern: RegExp, from = 0): Promise<void> {
    while (!pattern.test(this.text.slice(from))) {
      if (this.child.exitCode !== null) throw new Error(this.text)
      await once(this.child.stderr as NonNullable<ChildProcess['stderr']>, 'data')
    }
  }

  async reload(sources: string, pattern: RegExp): Promise<void> {
    const from = this.text.length
    this.write(sources)
    this.child.kill('SIGHUP')
    await this.saw(pattern, from)
  }

  status(): Promise<Status> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.socket, path: '/status' }, (answer) => {
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

  async end(): Promise<number | null> {
    const ended = once(this.child, 'close')
    this.child.kill('SIGTERM')
    await ended
    return this.child.exitCode
  }
}

const chrony = (port: number) => `  - chrony: { port: ${port}, poll: 1s }`
const sourcesOf = ({ sources }: Status) => sources.map(({ id }) => id)

t.test('SIGHUP: a good configuration is put in force, a bad one refused', async (t) => {
  // the path of a socket has 107 characters at most
  const folder = mkdtempSync(join(tmpdir(), 'reload-'))
  const program = new Program(folder, `sources:\n${chrony(40321)}`)
  t.teardown(() => {
    program.child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  await program.saw(/"event":"started"/)
  const first = sourcesOf(await program.status())
  t.equal(first.length, 1)

  await program.reload(`sources:\n${chrony(40321)}\n${chrony(40322)}`, /"event":"config-reloaded"/)
  t.match(program.text, /\+ source chrony: 127\.0\.0\.1:40322, every 1s/)
  const second = await program.status()
  t.equal(second.sources.length, 2)
  t.equal(sourcesOf(second)[0], first[0])

  await program.reload('sources: [{ ntp: { sever: a } }]', /"event":"config-refused"/)
  t.match(program.text, /timewarden\.yaml:\d+:\d+: sources\[0\]\.ntp/)
  const third = await program.status()
  t.equal(third.sources.length, 2, 'the one before is in force')
  t.ok(third.events.some(({ code }) => code === 'config-refused'))

  await program.reload(`logLevel: debug\nsources:\n${chrony(40321)}`, /cannot be changed while/)
  await program.reload(`sources:\n${chrony(40321)}\n${chrony(40322)}`, /"event":"config-unchanged"/)
  t.equal(await program.end(), 0)
})
