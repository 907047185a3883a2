/**
 * X.509 certificates (RFC 5280) with any dates and names, made by node:crypto alone: tests need expired
 * ones, and no program that makes them is on every machine.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

export interface Certificate {
  readonly name: string
  readonly key: KeyObject
  /** PEM. */
  readonly pem: string
  readonly keyPem: string
}

export interface CertificateOptions {
  /** Common name of the subject. */
  readonly name: string
  /** Undefined: it vouches for itself. */
  readonly issuer?: Certificate
  readonly authority?: boolean
  /** Host names and IPv4 addresses (subjectAltName). */
  readonly holds?: readonly string[]
  /** UTC, whole seconds. */
  readonly from: Date
  readonly until: Date
}

// DER (X.690): tag, length, content
const SEQUENCE = 0x30
const SET = 0x31
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OBJECT = 0x06
const UTF8 = 0x0c
const UTC_TIME = 0x17
const BOOLEAN = 0x01
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex')
const COMMON_NAME = Buffer.from('550403', 'hex')
const BASIC_CONSTRAINTS = Buffer.from('551d13', 'hex')
const SUBJECT_ALT_NAME = Buffer.from('551d11', 'hex')

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content])
  const size = length < 256 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 255)
  return Buffer.concat([Buffer.of(tag), size, content])
}

const ALGORITHM = der(SEQUENCE, der(OBJECT, ECDSA_WITH_SHA256))

const nameOf = (name: string): Buffer =>
  der(SEQUENCE, der(SET, der(SEQUENCE, der(OBJECT, COMMON_NAME), der(UTF8, Buffer.from(name)))))

/** YYMMDDHHMMSSZ, 1950 to 2049. */
const timeOf = (date: Date): Buffer =>
  der(UTC_TIME, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`))

const extension = (id: Buffer, critical: boolean, value: Buffer): Buffer =>
  der(
    SEQUENCE,
    der(OBJECT, id),
    ...(critical ? [der(BOOLEAN, Buffer.of(255))] : []),
    der(OCTET_STRING, value),
  )

const heldName = (name: string): Buffer =>
  isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name))

function extensionsOf({ authority = false, holds = [] }: CertificateOptions): Buffer {
  const constraints = der(SEQUENCE, ...(authority ? [der(BOOLEAN, Buffer.of(255))] : []))
  const names = der(SEQUENCE, ...holds.map(heldName))
  return der(
    0xa3,
    der(
      SEQUENCE,
      extension(BASIC_CONSTRAINTS, true, constraints),
      ...(holds.length === 0 ? [] : [extension(SUBJECT_ALT_NAME, false, names)]),
    ),
  )
}

/** No empty line, which OpenSSL refuses. */
const pemOf = (data: Buffer): string => {
  const lines = data.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

let serial = 0

export function makeCertificate(options: CertificateOptions): Certificate {
  const { name, issuer, from, until } = options
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const key = createPrivateKey(privateKey)
  serial += 1
  const signed = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.of(2))),
    der(INTEGER, Buffer.of(serial)),
    ALGORITHM,
    nameOf(issuer?.name ?? name),
    der(SEQUENCE, timeOf(from), timeOf(until)),
    nameOf(name),
    publicKey,
    extensionsOf(options),
  )
  const signature = sign('sha256', signed, issuer?.key ?? key)
  const whole = der(SEQUENCE, signed, ALGORITHM, der(BIT_STRING, Buffer.of(0), signature))
  return { name, key, pem: pemOf(whole), keyPem: privateKey }
}
