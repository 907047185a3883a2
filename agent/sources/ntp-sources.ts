/** The sources of one configuration entry: one for a server, for a pool as many as it may have. */
import type { NtpSourceConfig } from '../config/types.ts'
import type { KeyPort } from '../ports/keys.ts'
import type { RandomPort } from '../ports/random.ts'
import { NtpSource } from './ntp.ts'
import type { AddressBook } from './ntp-book.ts'
import { NTP_PORT } from './ntp-packet.ts'

export interface NtpSurroundings {
  readonly random: RandomPort
  readonly keys?: KeyPort | undefined
  /** Shared by all NTP sources of the node. */
  readonly book: AddressBook
  /** Addresses of the node with their prefix lengths. */
  readonly networks?: readonly string[]
}

const idOf = ({ name, port }: NtpSourceConfig): string =>
  port === NTP_PORT ? `ntp:${name}` : `ntp:${name}:${port}`

/** The slots of a pool are `ntp:0.pool.example#0` and so on; the book keeps them apart. */
export function createNtpSources(config: NtpSourceConfig, given: NtpSurroundings): NtpSource[] {
  const salt = Math.floor(given.random.uniform() * 2 ** 32)
  const id = idOf(config)
  if (!config.pool) return [new NtpSource({ id, config, salt, ...given })]
  return Array.from(
    { length: config.maxSources },
    (_, index) => new NtpSource({ id: `${id}#${index}`, config, salt, ...given }),
  )
}
