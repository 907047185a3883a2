/** What a tls channel is asked for, and what it tells of its session. */

/** Validity of a signature (RFC 4034 section 3.1.5) or of a certificate, seconds since 1970 UTC. */
export interface Validity {
  readonly from: number
  readonly until: number
  /** Zone that signed, or the certificate's subject. */
  readonly by: string
}

/** What is wrong with a certificate, in the order in which it is checked: the first one is told. */
export const CERTIFICATE_FAULTS = ['untrusted', 'not-yet-valid', 'expired', 'name'] as const
export type CertificateFault = (typeof CERTIFICATE_FAULTS)[number]

export interface TlsOptions {
  /** Sent to the server (SNI), and looked for in its certificate; without it the address is looked for. */
  readonly serverName?: string
  /** Certificates that are trusted, PEM; without it those that Node ships with. */
  readonly ca?: string
}

export interface TlsReport {
  /** Undefined: a good certificate. */
  readonly fault: CertificateFault | undefined
  /** Of the server itself; that of its issuers is narrower only by mistake, and counts as well. */
  readonly certificate: Validity
  /** TCP handshake. */
  readonly connectSeconds: number
  /** TLS handshake, from the end of the TCP one. */
  readonly tlsSeconds: number
}
