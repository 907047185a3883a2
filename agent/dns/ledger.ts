/** What the probe saw, kept for the diagnosis: the last attempts of every question to every target. */
import type { Instant } from '../core/units.ts'
import type { Attempt, Check, CheckFacts, OwnClockFacts, Role, TargetFacts } from './facts.ts'
import { type DnsReport, reportOf } from './report.ts'
import type { ResolvConf } from './resolv-conf.ts'
import type { Outcome } from './tally.ts'
import type { Probe, Target } from './targets.ts'

const KEPT = 32

export interface LedgerOptions {
  readonly targets: readonly Target[]
  readonly resolvConf: ResolvConf
  readonly path: string
  /** There is no such file. */
  readonly missing: boolean
  /** Seconds after which an answer is late. */
  readonly timeout: number
}

interface Page {
  readonly facts: Omit<CheckFacts, 'recent'>
  recent: Attempt[]
}

const rolesOf = ({ origin }: Target): readonly Role[] => [
  origin === 'resolv.conf' ? 'host' : 'config',
]

export class Ledger {
  readonly #options: LedgerOptions
  readonly #pages = new Map<string, Map<string, Page>>()
  #changed = true
  #report: { readonly report: DnsReport; readonly synchronized: boolean } | undefined

  constructor(options: LedgerOptions) {
    this.#options = options
    for (const { label } of options.targets) this.#pages.set(label, new Map())
  }

  record(
    { target, transport, question }: Probe,
    { result, seconds }: Outcome,
    at: Instant<'mono'>,
    check: Check = 'exists',
  ): void {
    const pages = this.#pages.get(target.label)
    const key = `${check} ${transport} ${question.name} ${question.type}`
    const page = pages?.get(key) ?? { facts: { check, transport, question }, recent: [] }
    pages?.set(key, page)
    // an answer that came late is that of the query that was given up
    const before = result === 'late' ? page.recent.slice(0, -1) : page.recent
    const attempt = { at, result, ...(seconds !== undefined && { seconds }) }
    page.recent = [...before, attempt].slice(-KEPT)
    this.#changed = true
  }

  /** Made anew when something was seen since, or our own clock is another one. */
  report(at: Instant<'mono'>, clock: OwnClockFacts): DnsReport {
    const known = this.#report
    if (!this.#changed && known?.synchronized === clock.synchronized) return known.report
    const report = reportOf({
      ...{ at, clock, forwards: [], pages: [], conntrack: undefined },
      targets: this.#options.targets.map((target) => this.#factsOf(target)),
      resolvConfs: [this.#resolvConf()],
    })
    this.#changed = false
    this.#report = { report, synchronized: clock.synchronized }
    return report
  }

  #factsOf(target: Target): TargetFacts {
    const pages = [...(this.#pages.get(target.label)?.values() ?? [])]
    return {
      ...{ label: target.label, roles: rolesOf(target), zones: ['.'], groups: [] },
      timeout: this.#options.timeout,
      checks: pages.map(({ facts, recent }) => ({ ...facts, recent })),
    }
  }

  #resolvConf() {
    const { resolvConf, path, missing } = this.#options
    const { nameservers, search, options } = resolvConf
    const { ndots, timeout, attempts, rotate } = options
    return {
      ...{ path, missing, search, ndots, timeout, attempts, rotate },
      nameservers: nameservers.filter(({ used }) => used).map(({ address }) => address),
      ignored: nameservers.filter(({ used }) => !used).map(({ address }) => address),
    }
  }
}
