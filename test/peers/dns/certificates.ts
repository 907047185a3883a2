/** Certificates for DNS over TLS, made at run time: a good one, and one for each way to be refused. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const SERVER_NAME = 'dns.lab'

const CERTIFICATES = ['good', 'expired', 'future', 'foreign', 'other'] as const
export type CertificateKind = (typeof CERTIFICATES)[number]

/** Shift of the clock of the one who signs, in days: its certificates are valid for 30 days. */
const SHIFTS: Readonly<Record<CertificateKind, number>> = {
  good: -1,
  expired: -60,
  future: 30,
  foreign: -1,
  other: -1,
}

interface Certificate {
  readonly key: string
  readonly certificate: string
}

export interface Certificates {
  /** The CA that is trusted. */
  readonly ca: string
  readonly of: (kind: CertificateKind) => Certificate
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

const openssl = (...words: string[]): void => {
  execFileSync('openssl', words, { stdio: 'pipe' })
}

function makeAuthority(folder: string, name: string): Certificate {
  const key = join(folder, `${name}.key`)
  const certificate = join(folder, `${name}.pem`)
  const subject = ['-subj', `/CN=${name} of the tests`, '-days', '3650']
  openssl('req', '-x509', ...EC, '-keyout', key, '-out', certificate, ...subject)
  return { key, certificate }
}

function issue(folder: string, kind: CertificateKind, authority: Certificate): Certificate {
  const key = join(folder, `${kind}.key`)
  const request = join(folder, `${kind}.csr`)
  const certificate = join(folder, `${kind}.pem`)
  const name = kind === 'other' ? 'other.lab' : SERVER_NAME
  const extensions = join(folder, `${kind}.ext`)
  writeFileSync(extensions, `subjectAltName=DNS:${name}\n`)
  openssl('req', ...EC, '-keyout', key, '-out', request, '-subj', `/CN=${name}`)
  const signer = ['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial']
  const words = ['x509', '-req', '-in', request, '-out', certificate, '-days', '30', ...signer]
  const shift = SHIFTS[kind]
  const shifted = ['-f', `${shift < 0 ? '' : '+'}${shift}d`, 'openssl']
  execFileSync('faketime', [...shifted, ...words, '-extfile', extensions], { stdio: 'pipe' })
  return { key, certificate }
}

export function makeCertificates(folder: string): Certificates {
  mkdirSync(folder, { recursive: true })
  const trusted = makeAuthority(folder, 'trusted')
  const stranger = makeAuthority(folder, 'stranger')
  const made = new Map(
    CERTIFICATES.map((kind) => [
      kind,
      issue(folder, kind, kind === 'foreign' ? stranger : trusted),
    ]),
  )
  return { ca: trusted.certificate, of: (kind) => made.get(kind)! }
}
