/** How the session of DNS over TLS fails; where it is a matter of time, whether our own clock is to blame. */
import type { DiagnosisCode } from '../diagnoses.ts'
import type { Attempt, OwnClockFacts, TargetFacts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { nameOf, type Rule } from './case.ts'
import { byTime, endsWith } from './evidence.ts'
import { dateOf, placeOf } from './time.ts'

/** The last attempt over TLS, where the last RUN of them failed in TLS: the question is no matter. */
function failedSession({ checks }: TargetFacts): Attempt | undefined {
  const sessions = checks.filter(({ transport }) => transport === 'dot')
  const recent = byTime(sessions.flatMap((facts) => facts.recent))
  return endsWith({ recent }, 'tls_error') ? recent.at(-1) : undefined
}

const eachFailed =
  (rule: (attempt: Attempt, name: string, clock: OwnClockFacts) => Said | undefined): Rule =>
  (known) =>
    known.facts.targets.flatMap((target): Finding[] => {
      const attempt = failedSession(target)
      const said = attempt && rule(attempt, nameOf(known, target), known.facts.clock)
      if (said === undefined) return []
      const { certificate } = attempt ?? {}
      const evidence = certificate === undefined ? [] : [`certificate of ${certificate.by}`]
      return [{ ...said, subject: target.label, evidence, about: [target.label] }]
    })

type Said = Pick<Finding, 'code' | 'sentence'> & { readonly next?: string }

/** Faults that are no matter of time. */
const TIMELESS = {
  handshake: ['dot-not-tls', 'the TLS handshake fails'],
  untrusted: ['dot-untrusted', 'its certificate is signed by nobody whom we trust'],
  name: ['dot-name', 'its certificate is for another name'],
} as const satisfies Readonly<Record<string, readonly [DiagnosisCode, string]>>

export const tlsSession = eachFailed(({ tlsFault = 'handshake' }, name) => {
  if (tlsFault === 'expired' || tlsFault === 'not-yet-valid') return undefined
  const [code, words] = TIMELESS[tlsFault]
  return { code, sentence: `${name} over DoT: ${words}` }
})

const OF_TIME = {
  expired: ['dot-expired', 'after', 'until', 'expired'],
  'not-yet-valid': ['dot-not-yet-valid', 'before', 'from', 'is not valid before'],
} as const

const SUSPECT_NEXT =
  'set our own clock right first (`timewarden sources`), then look at the certificate again'

function blameOf(contradicted: boolean, synchronized: boolean): string {
  if (contradicted) return 'it is one of its chain, since its own is valid by our clock'
  if (synchronized) return 'it is the certificate, since our clock is synchronised'
  return 'the certificate or our own clock, which is not synchronised'
}

export const certificateTimes = eachFailed(({ tlsFault, certificate }, name, clock) => {
  if (tlsFault !== 'expired' && tlsFault !== 'not-yet-valid') return undefined
  const [code, expected, edge, words] = OF_TIME[tlsFault]
  const when = certificate === undefined ? '' : ` (${dateOf(certificate[edge])})`
  const contradicted = certificate !== undefined && placeOf(certificate, clock) !== expected
  const blame = blameOf(contradicted, clock.synchronized)
  const sentence = `the certificate of ${name} ${words.replace(' before', when === '' ? ' yet' : ' before')}${when}: ${blame}`
  return { code, sentence, ...(clock.synchronized ? {} : { next: SUSPECT_NEXT }) }
})
