/** What a simulated peer is to the world, and the world to a peer. */
import type { Transport } from '../core/machine.ts'
import type { TlsReport } from '../core/tls.ts'
import type { Link } from './network.ts'
import type { SeededRandom } from './random.ts'

export interface Surroundings {
  /** True time, ns since the world began. */
  time(): bigint
  /** True UTC at true time `t`, Unix epoch. */
  utc(t: bigint): bigint
  /** True TAI. */
  tai(t: bigint): bigint
  /** Does it `ns` from now. */
  after(ns: number, run: () => void): void
  /** A stream of its own. */
  random(name: string): SeededRandom
}

export interface Packet {
  readonly data: Uint8Array
  /** Names the connection: equal for all packets of one channel. */
  readonly channel: string
  /** Sends bytes back on that channel, now. */
  answer(data: Uint8Array): void
}

export interface Peer {
  readonly transport: Transport
  /** IP literal or path. */
  readonly address: string
  readonly port: number
  readonly link: Link
  /** False: nobody is bound there; connections and datagrams are refused. */
  readonly listening: boolean
  /** Changes with every restart; a connected Unix socket does not survive one. */
  readonly incarnation: number
  /**
   * What a tls channel to it tells of its certificate; there is no cryptography here. Undefined: no TLS
   * session comes about.
   */
  readonly tls?: Pick<TlsReport, 'fault' | 'certificate'>
  start(world: Surroundings): void
  receive(packet: Packet): void
}

export const endpointOf = (transport: Transport, address: string, port: number): string =>
  transport === 'unix' ? `unix ${address}` : `${transport} ${address} ${port}`
