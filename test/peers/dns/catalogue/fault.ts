/** A row of the table: how a fault is made, and what it must be called. */
import type { DiagnosisCode } from '../../../../agent/dns/diagnoses.ts'
import type { LieName } from '../lies.ts'
import { startKnot, startLiar, startUnbound } from '../servers.ts'
import { AT, type World } from '../world.ts'

/** What the agent is given. */
export interface Settings {
  /** Text of resolv.conf; undefined: there is no such file. */
  readonly resolvConf?: string
  readonly corefile?: string
  /** The DNS operator's resource. */
  readonly operator?: string
  /** Keys below `dns:`, beside the usual ones. */
  readonly dns?: Readonly<Record<string, unknown>>
}

export interface SetUp {
  readonly id: string
  readonly words: string
  /** The programs that make it. */
  readonly peers: string
  /** Shift of the agent's own clock (`+400d`). */
  readonly clock?: string
  readonly setUp: (world: World) => Promise<Settings>
}

export interface Fault extends SetUp {
  /** The diagnosis that must stand at the root. */
  readonly expected: DiagnosisCode
  /** What is true as well and may stand beside it. */
  readonly beside?: readonly DiagnosisCode[]
}

export const nameservers = (...addresses: readonly string[]): string =>
  addresses.map((address) => `nameserver ${address}\n`).join('')

/** Names of an unsigned zone alone, for servers that have nothing else. */
export const PLAIN = {
  names: ['www.plain.lab'],
  canaries: { absent: ['absent.plain.lab'], miss: ['plain.lab'], signed: [], large: [] },
} as const

export const KNOT_UNBOUND = 'knot, unbound'

/** An authoritative server, and a validating resolver that asks it. */
export async function startBoth(world: World): Promise<void> {
  await startKnot(world)
  await startUnbound(world)
}

/** The only nameserver of the node lies, before a resolver that is honest. */
export const lying =
  (lie: LieName, settings: Settings = {}): SetUp['setUp'] =>
  async (world) => {
    await startBoth(world)
    await startLiar(world, lie)
    return { resolvConf: nameservers(AT.liar), ...settings }
  }

/** `forward` in a Corefile; `block`: what stands in its braces. */
export const corefileOf = (zone: string, upstreams: readonly string[], block: string): string =>
  `${zone}:53 {
    errors
    forward . ${upstreams.join(' ')} {
        ${block}
    }
    cache 30
}
`
