/** What the probe saw, kept for the diagnosis: the last attempts of every question to every target. */
import type { Instant } from '../core/units.ts'
import type { Probe } from './checks.ts'
import type { Attempt, Check, CheckFacts, DnsFacts, OwnClockFacts, TargetFacts } from './facts.ts'
import type { PlannedTarget } from './plan-types.ts'
import type { Outcome } from './query.ts'
import { type DnsReport, reportOf } from './report.ts'
import { byTime } from './rules/evidence.ts'
import { type DnsSetup, forwardFacts, resolvConfFacts } from './setup.ts'
import { trimmed } from './zone-key.ts'

/** Attempts that are kept: where shares are counted, enough for a tenth of loss; elsewhere for runs. */
const SHARES: ReadonlySet<Check> = new Set(['exists', 'plain', 'again', 'pair', 'split'])
const KEPT = { shares: 32, runs: 8 } as const

/** Parts that are the same from answer to answer, and cost memory with each of thousands. */
const REPEATED = ['flags', 'certificate', 'signatures', 'ede', 'edeTexts'] as const

/** With those parts of the attempt before that say the same. */
function thrifty(outcome: Outcome, before: Attempt | undefined): Outcome {
  if (before === undefined) return outcome
  const same = REPEATED.filter(
    (key) =>
      outcome[key] !== undefined && JSON.stringify(outcome[key]) === JSON.stringify(before[key]),
  )
  return { ...outcome, ...Object.fromEntries(same.map((key) => [key, before[key]])) }
}

export interface LedgerOptions {
  readonly setup: DnsSetup
  /** Seconds after which an answer is late. */
  readonly timeout: number
}

/** What others know: the kernel, CoreDNS. */
export type Surroundings = Pick<DnsFacts, 'pages' | 'conntrack' | 'resolvConfs'>

interface Page {
  readonly facts: Omit<CheckFacts, 'recent'>
  recent: Attempt[]
}

export class Ledger {
  readonly #options: LedgerOptions
  readonly #pages = new Map<PlannedTarget, Map<string, Page>>()
  readonly #fixed: Pick<DnsFacts, 'forwards' | 'resolvConfs'>
  #node: Surroundings = { pages: [], conntrack: undefined, resolvConfs: [] }
  #nodeText = ''
  #changed = true
  #report: { readonly report: DnsReport; readonly synchronized: boolean } | undefined

  constructor(options: LedgerOptions) {
    const { plan, resolvConfs } = options.setup
    this.#options = options
    this.#fixed = { forwards: forwardFacts(plan), resolvConfs: resolvConfs.map(resolvConfFacts) }
    for (const target of plan.targets) this.#pages.set(target, new Map())
  }

  /** `at`: when it was asked, so that what is lost does not look newer than what was asked after it. */
  record({ target, check, transport, question }: Probe, outcome: Outcome, at: Instant<'mono'>) {
    const pages = this.#pages.get(target)
    const key = `${check} ${transport} ${question.name} ${question.type}`
    const page = pages?.get(key) ?? { facts: { check, transport, question }, recent: [] }
    pages?.set(key, page)
    // an answer that came late is that of the query that was given up
    const isGivenUp = (known: Attempt) =>
      outcome.result === 'late' && known.at === at && known.result === 'timeout'
    const others = page.recent.filter((known) => !isGivenUp(known))
    const kept = SHARES.has(check) ? KEPT.shares : KEPT.runs
    page.recent = byTime([...others, { at, ...thrifty(outcome, others.at(-1)) }]).slice(-kept)
    this.#changed = true
  }

  learn(node: Surroundings): void {
    const text = JSON.stringify(node)
    if (text === this.#nodeText) return
    this.#node = node
    this.#nodeText = text
    this.#changed = true
  }

  /** What was seen of servers that are still asked. */
  inherit(old: Ledger): void {
    const { targets } = this.#options.setup.plan
    for (const [before, pages] of old.#pages) {
      const now = targets.find(({ label }) => label === before.label)
      if (now !== undefined) this.#pages.set(now, pages)
    }
    this.learn(old.#node)
  }

  /** Made anew when something was seen since, or our own clock is another one. */
  report(at: Instant<'mono'>, clock: OwnClockFacts): DnsReport {
    const known = this.#report
    if (!this.#changed && known?.synchronized === clock.synchronized) return known.report
    const targets = this.#options.setup.plan.targets.map((target) => this.#factsOf(target))
    // read since, and with what CoreDNS still uses
    const { resolvConfs } = this.#node.resolvConfs.length > 0 ? this.#node : this.#fixed
    const report = reportOf({ at, clock, targets, ...this.#fixed, ...this.#node, resolvConfs })
    this.#changed = false
    this.#report = { report, synchronized: clock.synchronized }
    return report
  }

  #factsOf(target: PlannedTarget): TargetFacts {
    const { label, reasons, zones, groups } = target
    const pages = [...(this.#pages.get(target)?.values() ?? [])]
    return {
      ...{ label, groups, timeout: this.#options.timeout },
      roles: [...new Set(reasons.map(({ role }) => role))],
      zones: zones.length === 0 ? ['.'] : zones.map(trimmed),
      checks: pages.map(({ facts, recent }) => ({ ...facts, recent })),
    }
  }
}
