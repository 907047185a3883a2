/** Figures out of the facts, for time series: what a diagnosis judges, one can also watch. */
import { agreementsOf } from './agreement.ts'
import type { Attempt, DnsFacts, TargetFacts } from './facts.ts'
import { FAMILIES, namesTried, OUTSIDE } from './lookup.ts'
import { isAnswered } from './rules/evidence.ts'
import { newestOf } from './rules/time.ts'

export interface Measures {
  /** Of each forwarding of several upstreams with a question that two of them answered. */
  readonly agreement: readonly { readonly forward: string; readonly agree: boolean }[]
  /** Queries that one lookup of an outside name costs, A and AAAA together. */
  readonly amplification: readonly { readonly file: string; readonly queries: number }[]
  /** Pairs of A and AAAA of the record that lost an answer. */
  readonly pairs: readonly {
    readonly target: string
    readonly mode: 'same_socket' | 'split'
    readonly lost: number
    readonly all: number
  }[]
  /** Answers of the record with TTL 0, and all with a TTL. */
  readonly expired: readonly {
    readonly target: string
    readonly zero: number
    readonly all: number
  }[]
  readonly serials: readonly {
    readonly target: string
    readonly zone: string
    readonly serial: number
  }[]
  /** UTC seconds at which what a signer signed, or a server shows, is no longer valid. */
  readonly validUntil: readonly {
    readonly target: string
    readonly kind: 'certificate' | 'signature'
    readonly by: string
    readonly until: number
  }[]
}

const isLost = ({ result, second }: Attempt): boolean =>
  !isAnswered(result) || (second !== undefined && !isAnswered(second))

const MODES = { pair: 'same_socket', split: 'split' } as const

function pairsOf({ label, checks }: TargetFacts): Measures['pairs'] {
  return checks.flatMap(({ check, recent }) =>
    check === 'pair' || check === 'split'
      ? [
          {
            ...{ target: label, mode: MODES[check] },
            ...{ lost: recent.filter(isLost).length, all: recent.length },
          },
        ]
      : [],
  )
}

function expiredOf({ label, checks }: TargetFacts): Measures['expired'] {
  const ttls = checks
    .filter(({ check }) => check === 'exists' || check === 'again')
    .flatMap(({ recent }) => recent.flatMap(({ ttl }) => ttl ?? []))
  if (ttls.length === 0) return []
  return [{ target: label, zero: ttls.filter((ttl) => ttl === 0).length, all: ttls.length }]
}

const serialsOf = ({ label, checks }: TargetFacts): Measures['serials'] =>
  checks
    .filter(({ check }) => check === 'serial')
    .flatMap(({ question, recent }) => {
      const serial = recent.findLast((attempt) => attempt.serial !== undefined)?.serial
      return serial === undefined ? [] : [{ target: label, zone: question.name, serial }]
    })

function untilsOf({ label, checks }: TargetFacts): Measures['validUntil'] {
  const found = new Map<string, Measures['validUntil'][number]>()
  for (const facts of checks) {
    for (const { by, until } of newestOf(facts)) {
      const shown = facts.recent.some(({ certificate }) => certificate?.by === by)
      const kind = shown ? 'certificate' : 'signature'
      const known = found.get(`${kind} ${by}`)
      if (known !== undefined && known.until <= until) continue
      found.set(`${kind} ${by}`, { target: label, kind, by, until })
    }
  }
  return [...found.values()]
}

export function measuresOf(facts: DnsFacts): Measures {
  const { targets, resolvConfs } = facts
  const agreement = new Map<string, boolean>()
  for (const { forward, camps } of agreementsOf(facts)) {
    agreement.set(forward.id, (agreement.get(forward.id) ?? true) && camps.length < 2)
  }
  return {
    agreement: [...agreement].map(([forward, agree]) => ({ forward, agree })),
    amplification: resolvConfs
      .filter(({ missing }) => !missing)
      .map((conf) => ({
        file: conf.path,
        queries: namesTried(conf, OUTSIDE).length * FAMILIES,
      })),
    pairs: targets.flatMap(pairsOf),
    expired: targets.flatMap(expiredOf),
    serials: targets.flatMap(serialsOf),
    validUntil: targets.flatMap(untilsOf),
  }
}
