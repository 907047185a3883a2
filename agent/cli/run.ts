/**
 * `timewarden run`: the agent on this node. Configuration, discovery, lock, ports, endpoints, then events
 * until a signal. What is missing on the node is told and gone without; only a bad configuration (78),
 * a second agent (75) and an address in use (1) keep it from starting.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Agent } from '../agent.ts'
import { findPhc } from '../clocks.ts'
import type { Config } from '../config/types.ts'
import { describeFault } from '../core/errors.ts'
import type { ClockName } from '../core/sample.ts'
import { CONNTRACK_FILES } from '../dns/conntrack.ts'
import type { DnsFiles } from '../dns-part.ts'
import type { FilesPort } from '../ports/files.ts'
import type { KeyPort } from '../ports/keys.ts'
import type { Node, NodeInfo, PhcInfo } from '../ports/node.ts'
import { readNow } from '../runtime/clock.ts'
import { createComparer } from '../runtime/compare.ts'
import { createNode, discover, discoverPhcs, PLACES, withResolvConf } from '../runtime/discover.ts'
import { createFiles } from '../runtime/files.ts'
import { HardwareStamps } from '../runtime/hardware-stamps.ts'
import { type Endpoint, parseListen } from '../runtime/http.ts'
import { createIdentifier } from '../runtime/identify.ts'
import { acquireLock } from '../runtime/lock.ts'
import { createLog, type Log } from '../runtime/log.ts'
import { NicKeeper } from '../runtime/nic-keeper.ts'
import { discoverOwnNics, outlineOf } from '../runtime/nics.ts'
import { createNotifier, type NotifyEnvironment } from '../runtime/notify.ts'
import { observedClock } from '../runtime/observed-clock.ts'
import { createProcessMeter } from '../runtime/process.ts'
import { createPulses } from '../runtime/pulses.ts'
import { systemRandom } from '../runtime/random.ts'
import { Runner } from '../runtime/runner.ts'
import { closeAll, explainListenFault, openEndpoint } from './endpoints.ts'
import { Keeper } from './keeper.ts'
import { type Overrides, readConfig } from './read-config.ts'
import { watchDnsFiles } from './read-dns.ts'
import { type Reloadable, Reloader } from './reload.ts'
import { onReload, onSignal } from './signals.ts'
import type { Screens } from './status.ts'
import type { Terminal } from './terminal.ts'
import { VERSION } from './version.ts'
import { startWatch } from './watch.ts'

export interface RunOptions extends Overrides {
  readonly environment: NotifyEnvironment
}

const EX_TEMPFAIL = 75
/** Nothing depends on it: what is gone is looked for when it is needed. */
const NIC_PERIOD_MS = 10_000

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch {
    // whoever needs it says what is wrong, with its own words
  }
}

type Locked = { readonly ok: true; readonly release: () => void } | { readonly ok: false }

/** Without a usable directory nothing can be learnt; the agent runs all the same. */
function lockDirectory(directory: string, err: Terminal): Locked {
  makeDirectory(directory)
  const lock = acquireLock(directory)
  if (lock.ok) return lock
  if (lock.fault.code === 'IN_USE') {
    const holder = lock.holder === '' ? '' : ` (process ${lock.holder})`
    err.line(
      `another agent${holder} runs with the state directory ${directory}; stop it or choose another with --state-directory`,
    )
    return { ok: false }
  }
  err.line(`state directory ${directory}: ${describeFault(lock.fault)}; going on without it`)
  return { ok: true, release: () => undefined }
}

type PhcOf = (name: ClockName) => PhcInfo | undefined

interface Found {
  readonly info: NodeInfo
  readonly keys: KeyPort | undefined
}

function openNode(config: Config, { info, keys }: Found, phcOf: PhcOf, log: Log): Node {
  return createNode({
    info,
    random: systemRandom,
    keys,
    phcOf,
    drives: (name) => ['drive', 'auto'].includes(config.clocks[name]?.mode ?? 'observe'),
    onFault: (name, fault) => log.note('degraded', name, describeFault(fault), readNow()),
  })
}

/** Stamps of hardware are carried over to a clock that the agent may be steering. */
const observedNode = (node: Node, hardware: HardwareStamps): Node => ({
  ...node,
  clock: (name) => {
    const port = node.clock(name)
    return port && observedClock(port, (change) => hardware.changed(change))
  },
})

/** The address must be ours; the socket is for the command line, which has the address, too. */
async function openEndpoints(
  config: Config,
  keeper: Keeper,
  log: Log,
): Promise<readonly Endpoint[] | string> {
  const onError = (error: unknown): void =>
    log.write('error', 'http', { message: String(error) }, readNow())
  const endpoints: Endpoint[] = []
  if (config.listen !== '') {
    const target = parseListen(config.listen)
    if (target === undefined) return `listen ${config.listen}: not an ADDRESS:PORT`
    const listening = await openEndpoint(target, keeper, onError)
    if (!listening.ok) return explainListenFault(listening)
    endpoints.push(listening.endpoint)
  }
  if (config.socket !== '') {
    if (!existsSync(dirname(config.socket))) makeDirectory(dirname(config.socket))
    const listening = await openEndpoint({ kind: 'unix', path: config.socket }, keeper, onError)
    if (listening.ok) endpoints.push(listening.endpoint)
    else log.note('degraded', 'agent', describeFault(listening.fault), readNow())
  }
  return endpoints
}

/** The agent with everything it acts through, not yet started. */
function assemble(config: Config, found: Found, log: Log) {
  const { info } = found
  const readDns = (of: Config['dns']): DnsFiles =>
    watchDnsFiles(of, (line) => log.note('degraded', 'dns', line, readNow()))
  const dns = readDns(config.dns)
  const identifier = createIdentifier()
  const nics = new NicKeeper({
    nics: () => discoverOwnNics().nics,
    outline: outlineOf,
    phcs: () => discoverPhcs(PLACES, identifier),
    named: (phcs, name) => findPhc({ ...info, phcs }, name),
    note: (detail) => log.note('nic', 'agent', detail, readNow()),
  })
  const looking = setInterval(() => nics.glance(), NIC_PERIOD_MS).unref()
  // looked for at each opening: a driver that was reset comes back under another number
  const phcOf: PhcOf = (name) => nics.find(name)
  const hardware = new HardwareStamps({
    mode: config.hardwareTimestamps ?? 'auto',
    now: readNow,
    // with every turn of a PHC: nothing is to be looked for
    deviceOf: (name) => nics.found(name)?.device,
    note: (code, detail) => log.note(code, 'agent', detail, readNow()),
  })
  const node = openNode(config, found, phcOf, log)
  const agent = new Agent(config, observedNode(node, hardware), VERSION, dns)
  const meter = createProcessMeter()
  const keeper = new Keeper({ agent, now: readNow, process: () => meter.read() })
  const deviceOf = (name: ClockName) => phcOf(name)?.device
  const comparer = createComparer(deviceOf)
  const pulses = createPulses(deviceOf)
  const filesFor = ({ stateDirectory, leapSeconds }: Config, { setup }: DnsFiles): FilesPort =>
    createFiles(stateDirectory, [
      leapSeconds.list,
      ...Object.values(CONNTRACK_FILES),
      ...setup.resolvConfs.map(({ file }) => file),
    ])
  let files = filesFor(config, dns)
  const runner = new Runner(keeper, {
    compare: comparer,
    identify: identifier,
    pulses,
    hardware,
    files: {
      load: (file) => files.load(file),
      store: (file, text) => files.store(file, text),
    },
    log: ({ code, subject = 'agent', detail }) => log.note(code, subject, detail, readNow()),
    output: {
      line: (subject, line) => log.write('info', 'output', { subject, line }, readNow()),
      dropped: (subject, lines) =>
        log.write('warn', 'output-dropped', { subject, lines }, readNow()),
    },
  })
  const close = (): void => {
    clearInterval(looking)
    comparer.close()
    pulses.close()
    hardware.close()
    identifier.close()
    meter.close()
  }
  const reloadable: Reloadable = {
    act: (make) => {
      runner.act(make)
      keeper.forget()
    },
    note: (code, detail, now) => agent.note(code, detail, now),
    apply: (read, node, now) => {
      const named = readDns(read.config.dns)
      files = filesFor(read.config, named)
      const next = openNode(read.config, { info: node, keys: read.keys }, phcOf, log)
      return agent.reload(read.config, observedNode(next, hardware), named, now)
    },
  }
  return { keeper, runner, close, reloadable }
}

const signalled = (): Promise<string> => new Promise((resolve) => onSignal(resolve))

/** The log goes to the terminal as well: the live line makes room for each of its lines. */
function logBeside(config: Config, err: Terminal): Log {
  const log = createLog(config.logLevel)
  return {
    lost: log.lost,
    note: (...args) => {
      err.clear()
      log.note(...args)
    },
    write: (...args) => {
      err.clear()
      log.write(...args)
    },
  }
}

export async function run(options: RunOptions, { err }: Screens): Promise<number> {
  const found = discover()
  const read = readConfig(options, found)
  if (!read.ok) {
    err.lines(read.lines)
    return read.exitCode
  }
  const { config, keys } = read
  const info = withResolvConf(found, config.dns.resolvConf)
  const lock = lockDirectory(config.stateDirectory, err)
  if (!lock.ok) return EX_TEMPFAIL
  const log = logBeside(config, err)
  for (const notice of read.notices) log.note('key-file', 'agent', notice, readNow())
  for (const notice of read.left) log.note('degraded', 'agent', notice, readNow())
  const { keeper, runner, close, reloadable } = assemble(config, { info, keys }, log)
  const endpoints = await openEndpoints(config, keeper, log)
  if (typeof endpoints === 'string') {
    err.line(endpoints)
    close()
    lock.release()
    return 1
  }
  const notifier = createNotifier(options.environment)
  const stopped = signalled()
  runner.start()
  const addresses = endpoints.map(({ address }) => address)
  log.write('info', 'started', { version: VERSION, addresses }, readNow())
  const watch = startWatch({ keeper, notifier, err })
  notifier.ready(addresses.join(', '))
  const reloader = new Reloader(config, { overrides: options, agent: reloadable, log, notifier })
  const ignoreReload = onReload(() => reloader.reload())

  const signal = await stopped
  log.write('info', 'stopping', { signal }, readNow())
  ignoreReload()
  notifier.stopping()
  watch.stop()
  await runner.stop()
  await closeAll(endpoints)
  close()
  notifier.close()
  lock.release()
  return 0
}
