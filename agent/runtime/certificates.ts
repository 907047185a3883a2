/**
 * What is wrong with the certificate of a TLS server, told apart as OpenSSL does not: it reports one
 * error only, and an expired certificate hides that nobody trusted vouches for it.
 */
import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, rootCertificates } from 'node:tls'
import type { CertificateFault, Validity } from '../core/tls.ts'

/** verify(1): the chain is whole, as far as was looked, and one of its dates is wrong. */
const OF_TIME: readonly string[] = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']

/** A chain longer than this is a loop or an attack; OpenSSL takes 100. */
const MAX_CHAIN = 10

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** RFC 5280 has no certificate without dates; OpenSSL then does not trust it, so 0 misleads nobody. */
const secondsOf = (date: string): number => Date.parse(date) / 1000 || 0

export function validityOf(certificate: X509Certificate): Validity {
  // Node's types know nothing of an empty subject
  const subject: string | undefined = certificate.subject
  return {
    from: secondsOf(certificate.validFrom),
    until: secondsOf(certificate.validTo),
    by: (subject ?? certificate.subjectAltName ?? '').replaceAll('\n', ', '),
  }
}

/** Empty for a text that holds none; throws on a block that is no certificate. */
const parsePem = (text: string): X509Certificate[] =>
  (text.match(PEM) ?? []).map((block) => new X509Certificate(block))

/** Without certificates: whatever Node trusts. Undefined: `ca` is no PEM text of certificates. */
export function readTrust(ca: string | undefined): (() => readonly X509Certificate[]) | undefined {
  // 140 of them: parsed only when they are needed, which is when a date is wrong
  if (ca === undefined) return () => rootCertificates.flatMap(parsePem)
  try {
    const trusted = parsePem(ca)
    return trusted.length === 0 ? undefined : () => trusted
  } catch {
    return undefined // node:crypto throws on malformed DER
  }
}

const issuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)

/**
 * From the server's certificate to one that is trusted, whatever the dates; undefined: there is no
 * such way.
 */
function chainOf(
  leaf: X509Certificate,
  trusted: readonly X509Certificate[],
): X509Certificate[] | undefined {
  const chain = [leaf]
  for (let last = leaf; chain.length <= MAX_CHAIN; chain.push(last)) {
    const at = last
    if (trusted.some(({ fingerprint256 }) => fingerprint256 === at.fingerprint256)) return chain
    const anchor = trusted.find((each) => issuedBy(at, each))
    if (anchor !== undefined) return [...chain, anchor]
    const next = at.issuerCertificate
    if (next === undefined || !next.ca || !issuedBy(at, next)) return undefined
    last = next
  }
  return undefined
}

export interface Asked {
  /** A host name or an address that the certificate must hold. */
  readonly name: string
  readonly trusted: () => readonly X509Certificate[]
}

/**
 * The first fault in the order of CERTIFICATE_FAULTS. `error`: OpenSSL's code for the chain, '' where all
 * is well. `now`: seconds since 1970.
 */
export function certificateFault(
  leaf: X509Certificate,
  error: string,
  asked: Asked,
  now: number,
): CertificateFault | undefined {
  const late = OF_TIME.includes(error)
  if (error !== '' && !late) return 'untrusted'
  const chain = late ? chainOf(leaf, asked.trusted()) : [leaf]
  if (chain === undefined) return 'untrusted'
  const dates = chain.map(validityOf)
  if (dates.some(({ from }) => now < from)) return 'not-yet-valid'
  if (dates.some(({ until }) => now > until)) return 'expired'
  const wrong = checkServerIdentity(asked.name, leaf.toLegacyObject())
  return wrong === undefined ? undefined : 'name'
}
