/**
 * The corpus of PtpConfig resources, rendered, before a real ptp4l: it starts and answers on its
 * management socket, or stops at the very option that we named. Then the table of options against the
 * program itself. Software stamps, `free_running 1`, interfaces of the configurations as veth.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { parseVersion } from '../../agent/config/linuxptp-version.ts'
import { loadPtpConfigs, type PtpProfile } from '../../agent/config/ptp-config.ts'
import { confOfProfile, PROFILE_NAMES } from '../../agent/config/ptp-profiles.ts'
import { optionProblem } from '../../agent/config/ptp4l-check.ts'
import { GLOBAL, valueIn, withOption, writeConf } from '../../agent/config/ptp4l-conf.ts'
import { OPTIONS, type OptionFact } from '../../agent/config/ptp4l-options.ts'
import { type RenderedPtp4l, renderProfile } from '../../agent/config/ptp4l-render.ts'
import { find, needs, openPath, type Path } from './harness.ts'

const NEEDS = needs('ip', 'ptp4l', 'pmc')
const CORPUS = join(import.meta.dirname, '../fixtures/ptpconfig')
t.setTimeout(110_000)

const installed = () => {
  const { stdout } = spawnSync(find('ptp4l') ?? 'ptp4l', ['-v'], { encoding: 'utf8' })
  return parseVersion(stdout.trim()) ?? [3, 1, 1]
}

interface Case {
  readonly name: string
  readonly profile: PtpProfile
}

const casesOf = (file: string): Case[] => {
  const loaded = loadPtpConfigs(readFileSync(join(CORPUS, file), 'utf8'), file)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults))
  return loaded.configs.flatMap(({ name, profiles }) =>
    profiles.map((profile) => ({
      name: `${basename(file, '.yaml')}: ${name}/${profile.name}`,
      profile,
    })),
  )
}

/** Both ends have the name; addresses are those that the corpus talks to. */
function addInterface({ a, b }: Path, name: string, index: number): void {
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })
  ip('link', 'add', name, 'netns', b, 'type', 'veth', 'peer', 'name', name, 'netns', a)
  const subnets = ['192.0.2', '198.51.100']
  ip('-n', b, 'addr', 'add', `${subnets[index] ?? `10.98.${index}`}.1/24`, 'dev', name)
  for (const namespace of [a, b]) ip('-n', namespace, 'link', 'set', name, 'up')
}

/** Without the scheduler: nothing here is to be faster than what else runs. */
const wordsOf = ({ command }: RenderedPtp4l): string[] => [
  ...command.slice(command.indexOf('-f')),
  ...['-S', '--free_running', '1', '--tx_timestamp_timeout', '100'],
]

function ask(path: Path, { socket, domain, text }: RenderedPtp4l): string {
  const sdo = /^transportSpecific\s+0x1$/m.test(text) ? '1' : '0'
  const args = ['-u', '-b', '0', '-d', String(domain), '-t', sdo, '-s', socket]
  const own = ['-i', `${path.folder}/pmc`, 'GET DEFAULT_DATA_SET']
  return path.call(path.b, 'pmc', [...args, ...own])
}

async function answerOf(path: Path, rendered: RenderedPtp4l): Promise<string> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const text = ask(path, rendered)
    if (/numberPorts/.test(text)) return text
  }
  return 'no answer'
}

async function isAccepted(t: Test, path: Path, rendered: RenderedPtp4l): Promise<void> {
  writeFileSync(rendered.file, rendered.text)
  const program = path.run(path.b, 'ptp4l', wordsOf(rendered))
  await program.saw(/INITIALIZING to|failed|unknown|bad value|usage/, 10)
  const answer = await answerOf(path, rendered)
  t.match(answer, new RegExp(`numberPorts\\s+${rendered.interfaces.length}\\n`), program.output())
  t.match(answer, new RegExp(`domainNumber\\s+${rendered.domain}\\n`))
  t.notMatch(program.output(), /FAULTY|FAULT_DETECTED|failed|error/)
  await program.stop()
}

/** ptp4l stops at the first thing that it refuses, first on the command line, then in the file. */
function isRefused(t: Test, path: Path, rendered: RenderedPtp4l): void {
  writeFileSync(rendered.file, rendered.text)
  const args = ['netns', 'exec', path.b, 'ptp4l', ...wordsOf(rendered)]
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8', timeout: 5000 })
  const told = `${stdout}${stderr}`
  const [first] = rendered.refusals
  t.not(status, 0)
  t.match(told, first?.line === 0 ? first.option : `line ${first?.line}`, told)
  if (first?.kind !== 'unknown' || first.line === 0) t.match(told, first?.option)
}

t.test('the corpus, rendered, before a real ptp4l', NEEDS, async (t) => {
  const path = openPath('pc')
  t.teardown(() => path.close())
  const version = installed()
  const cases = readdirSync(CORPUS).sort().flatMap(casesOf)
  const rendered = cases.flatMap(({ name, profile }, index) => {
    const settings = { index, mode: 'observe', version, directory: path.folder } as const
    const { ptp4l, faults } = renderProfile(profile, settings)
    t.same(faults, [], name)
    return ptp4l === undefined ? [] : [{ name, ptp4l }]
  })
  const names = [...new Set(rendered.flatMap(({ ptp4l }) => ptp4l.interfaces))].filter(
    (name) => !/^ens2f/.test(name),
  )
  // those of the unicast servers first: the first two have the addresses
  for (const [index, name] of ['ens2f0', 'ens2f1', ...names].entries()) {
    addInterface(path, name, index)
  }
  let accepted = 0
  for (const { name, ptp4l } of rendered) {
    await t.test(name, async (t) => {
      t.match(ptp4l.text, /^free_running 1$/m)
      if (ptp4l.refusals.length > 0) return isRefused(t, path, ptp4l)
      accepted++
      await isAccepted(t, path, ptp4l)
    })
  }
  t.ok(accepted >= 15, `${accepted} of ${rendered.length} profiles run`)

  for (const [index, name] of PROFILE_NAMES.entries()) {
    await t.test(`shipped profile ${name}`, async (t) => {
      const servers = [{ transport: 'UDPv4', address: '192.0.2.9' }] as const
      const unicastServers = name === 'G.8275.2' ? servers : []
      const conf = confOfProfile(name, { interfaces: ['ens2f0', 'ens2f1'], unicastServers })
      const socket = `${path.folder}/shipped.${index}`
      const text = writeConf(
        withOption(withOption(conf, GLOBAL, 'uds_address', socket), GLOBAL, 'free_running', '1'),
      )
      const file = `${path.folder}/shipped.${index}.config`
      const domain = Number(valueIn(conf, GLOBAL, 'domainNumber'))
      const command = ['ptp4l', '-f', file, '-m']
      const interfaces = ['ens2f0', 'ens2f1']
      await isAccepted(t, path, { interfaces, file, text, socket, domain, command, refusals: [] })
    })
  }
})

/** Values that ptp4l is to take, and some that it is not. */
function valuesOf({ kind, low, high, words }: OptionFact): string[] {
  const inside = (value: number) => Number.isFinite(value) && Math.abs(value) < 2 ** 31
  if (kind === 'enum') return [...words.map(({ word }) => word), 'nonsense']
  if (kind === 'text') return []
  if (kind === 'float') return ['0.5', '-1', '1us'].filter((value) => inside(low) || value !== '-1')
  const edges = [low, high, low - 1, high + 1].filter(inside).map(String)
  return [...edges, '1.5', 'nonsense']
}

t.test('the table of options is that of the installed ptp4l', NEEDS, async (t) => {
  const version = installed()
  const folder = t.testdir()
  const file = join(folder, 'one.conf')
  /** Whether ptp4l reads the file to its end; it then misses an interface, or finds none of that name. */
  const reads = (section: string, line: string): boolean => {
    writeFileSync(file, `[global]\nfree_running 1\n[${section}]\n${line}\n`)
    const { stderr, stdout } = spawnSync(find('ptp4l') ?? '', ['-m', '-f', file], {
      encoding: 'utf8',
      timeout: 5000,
    })
    return !/failed to parse configuration/.test(stdout + stderr)
  }
  for (const fact of OPTIONS.values()) {
    // these are tried with their one value: a clock must not be steered, nor a terminal be opened
    const tried = fact.name === 'free_running' ? ['1'] : ['', ...valuesOf(fact)]
    const values = tried.map((value) => (value === '' ? sampleOf(fact) : value))
    for (const value of values) {
      const { name } = fact
      const expected = optionProblem(GLOBAL, { name, value }, version) === undefined
      if (reads(GLOBAL, `${name} ${value}`) !== expected)
        t.fail(`${name} ${value}: not ${expected}`)
    }
    const [value = ''] = values
    const option = { name: fact.name, value }
    const inPort = optionProblem('tw-none0', option, version) === undefined
    if (reads('tw-none0', `${fact.name} ${value}`) !== inPort) {
      t.fail(`${fact.name} in the section of a port: not ${inPort}`)
    }
  }
  t.ok(OPTIONS.size > 120)
})

function sampleOf({ name, kind, low, high, words }: OptionFact): string {
  if (/_mac$/.test(name)) return '01:02:03:04:05:06'
  if (kind === 'text') return 'text'
  if (kind === 'enum') return words[0]?.word ?? ''
  return String(Math.min(Math.max(1, low), high))
}
