/**
 * Zones and their signatures, made at run time so that nothing in the repository expires: three signed
 * zones, each with a key of its own (three signers), one without signatures, and the root.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const SIGNED_ZONES = ['alpha.lab', 'beta.lab', 'gamma.lab'] as const
export type SignedZone = (typeof SIGNED_ZONES)[number]
export const PLAIN_ZONE = 'plain.lab'

/**
 * `valid`: signed 30 days ago for 60 days. `foreign`: by a key that no trust anchor knows. `tampered`: a
 * record was changed after the signing.
 */
const SIGNINGS = ['valid', 'expired', 'future', 'foreign', 'tampered'] as const
export type Signing = (typeof SIGNINGS)[number]

/** Begin and end of the signatures, in days from now. */
const WINDOWS: Readonly<Record<Signing, readonly [from: number, until: number]>> = {
  valid: [-30, 30],
  expired: [-60, -30],
  future: [30, 60],
  foreign: [-30, 30],
  tampered: [-30, 30],
}

const ADDRESS = '192.0.2.10'
const FORGED = '192.0.2.66'
const NEW_SERIAL = 2026020200
const OLD_SERIAL = 2026020100

const text = (pieces: number): string =>
  Array.from({ length: pieces }, (_, k) => `"${k}${'x'.repeat(210)}"`).join(' ')

/** `big`: fits into 1232 bytes with its signature, and not into 512. `huge`: fits into no datagram. */
const records = (serial: number): string => `$TTL 300
@ SOA ns hostmaster ${serial} 3600 900 604800 60
@ NS ns
ns A 10.99.0.20
www A ${ADDRESS}
www AAAA 2001:db8::10
www TXT "here"
other A 192.0.2.11
other AAAA 2001:db8::11
four A 192.0.2.12
big TXT ${text(4)}
huge TXT ${text(12)}
`

const ROOT = `$TTL 300
. SOA ns.lab. hostmaster.lab. 1 3600 900 604800 60
. NS ns.lab.
ns.lab. A 10.99.0.20
`

export interface Zones {
  /** Zone file of a zone in one of its states. */
  signed(zone: SignedZone, signing?: Signing): string
  readonly plain: string
  /** The same zone as it was some transfers ago. */
  readonly plainOld: string
  readonly root: string
  /** Files with the keys that a resolver trusts, one per signed zone. */
  readonly anchors: readonly string[]
}

/** `20261123180000`, as dnssec-signzone wants it. */
const stampOf = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\..*/g, '')

function makeKey(folder: string, zone: string): string {
  mkdirSync(folder, { recursive: true })
  const words = ['-q', '-K', folder, '-a', 'ECDSAP256SHA256', '-f', 'KSK', zone]
  execFileSync('dnssec-keygen', words, { stdio: 'pipe' })
  const found = readdirSync(folder).find((name) => name.endsWith('.key'))
  if (found === undefined) throw new Error(`dnssec-keygen made no key for ${zone}`)
  return join(folder, found)
}

function sign(folder: string, zone: SignedZone, key: string, signing: Signing): void {
  const [from, until] = WINDOWS[signing]
  const source = join(folder, `${zone}.${signing}.unsigned`)
  const file = fileOf(folder, zone, signing)
  writeFileSync(source, records(NEW_SERIAL) + readFileSync(key, 'utf8'))
  const times = ['-s', stampOf(from), '-e', stampOf(until)]
  const words = ['-q', '-P', '-z', ...times, '-o', zone, '-f', file, source, key]
  execFileSync('dnssec-signzone', words, { stdio: 'pipe', cwd: folder })
  if (signing !== 'tampered') return
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(ADDRESS, FORGED))
}

const fileOf = (folder: string, zone: string, signing: string): string =>
  join(folder, `${zone}.${signing}`)

/** All of them, into `folder`; takes about two seconds. */
export function makeZones(folder: string): Zones {
  mkdirSync(folder, { recursive: true })
  const anchors = SIGNED_ZONES.map((zone) => {
    const key = makeKey(join(folder, `key-${zone}`), zone)
    const foreign = makeKey(join(folder, `foreign-${zone}`), zone)
    for (const signing of SIGNINGS) {
      sign(folder, zone, signing === 'foreign' ? foreign : key, signing)
    }
    return key
  })
  const plain = fileOf(folder, PLAIN_ZONE, 'new')
  const plainOld = fileOf(folder, PLAIN_ZONE, 'old')
  const root = fileOf(folder, 'root', 'new')
  writeFileSync(plain, records(NEW_SERIAL))
  writeFileSync(plainOld, records(OLD_SERIAL))
  writeFileSync(root, ROOT)
  return {
    signed: (zone, signing = 'valid') => fileOf(folder, zone, signing),
    ...{ plain, plainOld, root, anchors },
  }
}
