/** The DNS probe, what the node tells beside it, and the files that say whom to ask. */
import type { DnsConfig } from './config/types.ts'
import type { Action, Event, Machine, Now } from './core/machine.ts'
import { plus, seconds } from './core/units.ts'
import type { OwnClockFacts } from './dns/facts.ts'
import { NodeFacts } from './dns/node-facts.ts'
import { DnsProbe } from './dns/probe.ts'
import type { ResolvConf } from './dns/resolv-conf.ts'
import { type DnsSetup, simpleSetup } from './dns/setup.ts'
import type { DnsView } from './dns/view.ts'
import type { Node } from './ports/node.ts'

/** Resolv.conf, Corefile and the like, read when it is called. */
export interface DnsFiles {
  readonly setup: DnsSetup
  /** Undefined: they say what they said before. */
  readonly reread: () => DnsSetup | undefined
}

const REREAD = 'files'
/** CoreDNS looks at its own file as often (plugin/reload), with as much jitter. */
const PERIOD = 30
const JITTER = 0.5

export class DnsPart implements Machine {
  readonly #probe: DnsProbe
  readonly #node: NodeFacts
  readonly #reread: DnsFiles['reread'] | undefined
  readonly #isProbing: boolean
  #resolvConf: ResolvConf | undefined
  readonly #uniform: () => number

  constructor(config: DnsConfig, { info, random }: Node, files: DnsFiles | undefined) {
    const setup = files?.setup ?? simpleSetup(config, info.resolvConf)
    const { servers, resolvConfs } = setup
    this.#probe = new DnsProbe({ config, setup, random })
    this.#node = new NodeFacts({
      ...{ servers, random },
      resolvConfs: resolvConfs.map(({ file }) => file),
    })
    this.#resolvConf = resolvConfs[0]?.resolvConf
    this.#reread = files?.reread
    this.#isProbing = config.enabled && files !== undefined
    this.#uniform = () => random.uniform()
  }

  /** Without files, as in a simulated node, nothing is read. */
  get machines(): readonly (readonly [id: string, machine: Machine])[] {
    const probe = [this.#probe.id, this] as const
    return !this.#isProbing ? [probe] : [probe, [this.#node.id, this.#node]]
  }

  /** That of the node. Without the probe nobody else reads it again. */
  get resolvConf(): ResolvConf | undefined {
    if (!this.#isProbing) this.#read()
    return this.#resolvConf
  }

  view(now: Now, clock: OwnClockFacts): DnsView {
    if (this.#isProbing) this.#probe.learn(this.#node.facts())
    return this.#probe.view(now, clock)
  }

  handle(event: Event, now: Now): readonly Action[] {
    if (event.on === 'timer' && event.key === REREAD) return this.#look(now)
    const actions = this.#probe.handle(event, now)
    if (event.on === 'start' && this.#isProbing) return [...actions, this.#timer(now)]
    return event.on === 'stop' ? [...actions, { do: 'cancel', key: REREAD }] : actions
  }

  #look(now: Now): readonly Action[] {
    const setup = this.#read()
    const changed = setup === undefined ? [] : this.#probe.replan(setup, now)
    const detail = 'other name servers are asked: resolv.conf or a Corefile changed'
    const note: readonly Action[] =
      setup === undefined ? [] : [{ do: 'note', code: 'dns-plan', detail }]
    return [...note, ...changed, this.#timer(now)]
  }

  #read(): DnsSetup | undefined {
    const setup = this.#reread?.()
    if (setup !== undefined) this.#resolvConf = setup.resolvConfs[0]?.resolvConf
    return setup
  }

  #timer(now: Now): Action {
    const wait = PERIOD * (1 + JITTER * this.#uniform())
    return { do: 'timer', key: REREAD, at: plus(now.mono, seconds(wait)) }
  }
}
