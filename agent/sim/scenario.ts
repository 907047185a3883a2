/**
 * A scenario is data: a seed, the node's clocks, its peers, the agent's configuration, and a timeline
 * of happenings. `stage` builds the world out of it; the agent is brought by whoever runs it.
 */
import type { Config } from '../config/types.ts'
import type { ClockName } from '../core/sample.ts'
import { ppb } from '../core/units.ts'
import type { ClockAdjustment } from '../ports/clock.ts'
import type { KeyPort } from '../ports/keys.ts'
import type { NodeInfo } from '../ports/node.ts'
import { Attacker, type AttackerBehaviour, type AttackerOptions } from './attacker.ts'
import type { Link } from './network.ts'
import { Chronyd } from './peers/chronyd.ts'
import { type NtpBehaviour, NtpServer, type NtpServerOptions } from './peers/ntp-server.ts'
import { type Grandmaster, Ptp4l, type Ptp4lOptions } from './peers/ptp4l.ts'
import { Resolver, type ResolverBehaviour, type ResolverOptions } from './peers/resolver.ts'
import type { PulseBehaviour } from './pulses.ts'
import type { ClockSetup, PhcSetup } from './setup.ts'
import { World } from './world.ts'

/** What happens; `all` stands for every peer of the kind. */
export type Deed =
  | { readonly do: 'ntp'; readonly server: string; readonly set: Partial<NtpBehaviour> }
  | { readonly do: 'ntp-link'; readonly server: string; readonly set: Partial<Link> }
  /** The attacker in front of a server. */
  | { readonly do: 'attacker'; readonly server: string; readonly set: Partial<AttackerBehaviour> }
  | { readonly do: 'grandmaster'; readonly set: Partial<Grandmaster> }
  /** `break`, of a child: it ends as soon as it was started, as for a bad configuration. */
  | { readonly do: 'ptp4l'; readonly what: 'kill' | 'restart' | 'break' | 'mend' }
  | { readonly do: 'chronyd'; readonly synchronized: boolean }
  | { readonly do: 'resolver'; readonly server: string; readonly set: Partial<ResolverBehaviour> }
  | { readonly do: 'names'; readonly down: boolean }
  /** Of the receiver whose pulses come to this node. */
  | { readonly do: 'pulses'; readonly set: Partial<PulseBehaviour> }
  /** From now on a host name means these addresses. */
  | { readonly do: 'rename'; readonly name: string; readonly addresses: readonly string[] }
  /** The crystal changes its frequency: heat, vibration. */
  | { readonly do: 'shift'; readonly clock: 'system'; readonly byPpb: number }
  /** Another program writes a clock behind the agent's back. */
  | { readonly do: 'foreign'; readonly clock: ClockName; readonly adjustment: ClockAdjustment }
  /** A second of UTC is inserted (1) or deleted (-1) now. */
  | { readonly do: 'leap'; readonly by: 1 | -1 }
  | { readonly do: 'suspend'; readonly seconds: number; readonly rtcErrorNs: bigint }

export interface Happening {
  /** Seconds after the world began (or, repeated, after the period began). */
  readonly at: number
  /** For people who watch; empty: nothing to tell. */
  readonly say: string
  readonly deeds: readonly Deed[]
}

export interface NamedNtpServer extends NtpServerOptions {
  /** Host name under which it resolves; its address does as well. */
  readonly name: string
}

export interface Scenario {
  readonly seed: string
  /** True UTC when the world begins. */
  readonly epoch?: bigint
  readonly config: Config
  readonly system?: ClockSetup
  readonly phcs?: readonly PhcSetup[]
  readonly info?: Partial<Omit<NodeInfo, 'phcs'>>
  /** Symmetric keys of the node. */
  readonly keys?: KeyPort
  /** Standard deviation of kernel time stamps, ns. */
  readonly stampNoiseNs?: number
  readonly ntp?: readonly NamedNtpServer[]
  readonly attackers?: readonly AttackerOptions[]
  readonly ptp4l?: Omit<Ptp4lOptions, 'phc' | 'phcIndex' | 'interface'> & {
    readonly clock: ClockName
    /** It is there to be started by the agent, and does not run before. */
    readonly child?: boolean
  }
  /** A chronyd on this node steers the system clock. */
  readonly chronyd?: boolean
  readonly resolvers?: readonly ResolverOptions[]
  /** State directory when the agent starts. */
  readonly files?: Readonly<Record<string, string>>
  readonly timeline?: readonly Happening[]
  /** The timeline begins anew every so many seconds. */
  readonly period?: number
}

export interface Stage {
  readonly world: World
  readonly ntp: ReadonlyMap<string, NtpServer>
  /** By the name of the server in front of which they are. */
  readonly attackers: ReadonlyMap<string, Attacker>
  readonly ptp4l: Ptp4l | undefined
  readonly chronyd: Chronyd | undefined
  readonly resolvers: ReadonlyMap<string, Resolver>
  perform(deed: Deed): void
}

function createPtp4l(scenario: Scenario, world: World): Ptp4l | undefined {
  const { ptp4l, phcs = [] } = scenario
  const setup = phcs.find((each) => each.name === ptp4l?.clock)
  const phc = setup && world.phc(setup.name)
  if (ptp4l === undefined || setup === undefined || phc === undefined) return undefined
  const [first = 'eth0'] = setup.info.interfaces
  return new Ptp4l({ ...ptp4l, phc, phcIndex: setup.info.index, interface: first })
}

function addPtp4l(world: World, peer: Ptp4l, { ptp4l }: Scenario): void {
  world.add(peer)
  if (ptp4l?.child === true) world.install(peer)
}

function createNtp({ ntp = [] }: Scenario, world: World): Map<string, NtpServer> {
  const servers = new Map<string, NtpServer>()
  for (const { name, ...options } of ntp) {
    servers.set(name, new NtpServer(options))
    world.devices.names.set(name, [options.address])
  }
  return servers
}

function createAttackers(
  { attackers = [] }: Scenario,
  servers: ReadonlyMap<string, NtpServer>,
  world: World,
): Map<string, Attacker> {
  const made = new Map<string, Attacker>()
  for (const options of attackers) {
    const attacker = new Attacker(options)
    const server = servers.get(options.server)
    if (server !== undefined) server.link.meddler = attacker
    const clock = { time: () => world.time, utc: (t: bigint) => world.utc(t) }
    attacker.start(clock, world.random.fork(`attacker ${options.server}`))
    made.set(options.server, attacker)
  }
  return made
}

/** They stand for the resolver of the node as well: it can validate when all of them can. */
function createResolvers(all: readonly ResolverOptions[], world: World): Map<string, Resolver> {
  const clockError = () => world.truth('system')
  const made = all.map((options) => new Resolver({ clockError, ...options }))
  world.devices.canValidate = () => made.every(({ canValidate }) => canValidate)
  return new Map(made.map((each) => [each.options.address, each]))
}

const chosen = <T>(peers: ReadonlyMap<string, T>, name: string): T[] =>
  [...peers].filter(([key]) => name === 'all' || key === name).map(([, peer]) => peer)

type Peers = Omit<Stage, 'perform'>

function perform(peers: Peers, deed: Deed): void {
  const { world, ptp4l, chronyd } = peers
  switch (deed.do) {
    case 'ptp4l':
      ptp4l?.[deed.what]()
      break
    case 'chronyd':
      if (chronyd !== undefined) chronyd.synchronized = deed.synchronized
      break
    case 'names':
      world.devices.resolverDown = deed.down
      break
    case 'rename':
      world.devices.names.set(deed.name, deed.addresses)
      break
    case 'shift':
      world.system.shift(ppb(deed.byPpb))
      break
    case 'foreign':
      clockOf(world, deed.clock)?.foreignAdjust(deed.adjustment)
      break
    case 'leap':
      world.leap(deed.by)
      break
    case 'suspend':
      world.suspend(deed.seconds, deed.rtcErrorNs)
      break
    default:
      for (const target of targetsOf(peers, deed)) Object.assign(target, deed.set)
  }
}

/** What a deed with `set` changes. */
function targetsOf(
  { ntp, attackers, ptp4l, resolvers, world }: Peers,
  deed: Extract<Deed, { readonly set: object }>,
): object[] {
  switch (deed.do) {
    case 'ntp':
      return chosen(ntp, deed.server).map(({ behaviour }) => behaviour)
    case 'ntp-link':
      return chosen(ntp, deed.server).map(({ link }) => link)
    case 'attacker':
      return chosen(attackers, deed.server).map(({ behaviour }) => behaviour)
    case 'resolver':
      return chosen(resolvers, deed.server).map(({ behaviour }) => behaviour)
    case 'pulses':
      return [world.pulses.behaviour]
    case 'grandmaster':
      return ptp4l === undefined ? [] : [ptp4l.grandmaster]
  }
}

const clockOf = (world: World, name: ClockName) =>
  name === 'system' ? world.system : world.phc(name)

type Timeline = Pick<Scenario, 'timeline' | 'period'>

/** Plans the timeline, again and again when it has a period. */
function plan(stage: Stage, scenario: Timeline, begin = 0): void {
  const { timeline = [], period } = scenario
  for (const { at, deeds } of timeline) {
    stage.world.at(begin + at, () => {
      for (const deed of deeds) stage.perform(deed)
    })
  }
  if (period === undefined) return
  stage.world.at(begin + period, () => plan(stage, scenario, begin + period))
}

export function stage(scenario: Scenario): Stage {
  const { seed, epoch, system, phcs, info, keys, stampNoiseNs } = scenario
  const { resolvers = [], files = {} } = scenario
  const world = new World({
    seed,
    ...(epoch !== undefined && { epoch }),
    ...(system && { system }),
    ...(phcs && { phcs }),
    ...(info && { info }),
    ...(keys && { keys }),
    ...(stampNoiseNs !== undefined && { stampNoiseNs }),
  })
  for (const [name, text] of Object.entries(files)) world.devices.files.set(name, text)
  const ntp = createNtp(scenario, world)
  const peers = {
    world,
    ntp,
    attackers: createAttackers(scenario, ntp, world),
    ptp4l: createPtp4l(scenario, world),
    chronyd: scenario.chronyd ? new Chronyd({ clock: world.system }) : undefined,
    resolvers: createResolvers(resolvers, world),
  }
  for (const server of peers.ntp.values()) world.add(server)
  if (peers.ptp4l !== undefined) addPtp4l(world, peers.ptp4l, scenario)
  if (peers.chronyd !== undefined) world.add(peers.chronyd)
  for (const each of peers.resolvers.values()) for (const end of each.endpoints) world.add(end)
  const built: Stage = { ...peers, perform: (deed) => perform(peers, deed) }
  plan(built, scenario)
  return built
}
