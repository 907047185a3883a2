/** The node: resolv.conf, what CoreDNS says of itself, the connection tracking. */
import type { ResolvConfFacts, ServerPageFacts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { FAMILIES, namesTried, OUTSIDE } from '../lookup.ts'
import type { Rule } from './case.ts'
import { listed } from './evidence.ts'

/** More than a cluster's own three search domains and the name itself cost. */
const MANY_QUERIES = 8
/** As node-problem-detector warns. */
const CONNTRACK_HIGH = 0.9
/** From here on, what is lost is lost for this. */
const CONNTRACK_FULL = 0.99

function missing({ path }: ResolvConfFacts): Finding {
  const sentence = `${path} is not there: lookups go to 127.0.0.1`
  return { code: 'resolv-conf-missing', subject: path, sentence, evidence: [], about: [] }
}

function ofFile(conf: ResolvConfFacts): Finding[] {
  if (conf.missing) return [missing(conf)]
  const { path, ignored } = conf
  const queries = namesTried(conf, OUTSIDE).length * FAMILIES
  const found: Finding[] = []
  const add = (code: Finding['code'], sentence: string, evidence: readonly string[]) =>
    found.push({ code, subject: path, sentence, evidence, about: [] })
  if (ignored.length > 0) {
    const are = ignored.length === 1 ? 'is' : 'are'
    add(
      'resolv-conf-ignored',
      `${listed(ignored)} in ${path} ${are} never asked: only three nameservers are`,
      ignored,
    )
  }
  if (conf.changedSince === true) {
    add(
      'resolv-conf-drift',
      `${path} changed after CoreDNS was started: CoreDNS still uses the nameservers of before`,
      [],
    )
  }
  if (queries > MANY_QUERIES) {
    add(
      'search-amplification',
      `one lookup of ${OUTSIDE} by ${path} costs ${queries} queries: ${conf.search.length} search domains and ndots ${conf.ndots}`,
      conf.search,
    )
  }
  return found
}

export const resolvConfs: Rule = ({ facts }) => facts.resolvConfs.flatMap(ofFile)

/** No answer at all may be a page that is switched off; a status is a word. */
const failing = (status: number | undefined): status is number =>
  status !== undefined && status >= 400

function ofPage({ label, health, ready, notReady, panics = 0 }: ServerPageFacts): Finding[] {
  const found: Finding[] = []
  const waits = notReady.length === 0 ? '' : `: waiting for ${listed(notReady)}`
  if (failing(ready) || failing(health) || notReady.length > 0) {
    const what = failing(health) ? 'healthy' : 'ready'
    const status = failing(health) ? health : ready
    found.push({
      code: 'coredns-not-ready',
      subject: label,
      sentence: `CoreDNS at ${label} is not ${what}${status === undefined ? '' : ` (HTTP ${status})`}${waits}`,
      evidence: notReady,
      about: [label],
    })
  }
  if (panics > 0) {
    const times = panics === 1 ? 'once' : `${panics} times`
    found.push({
      code: 'coredns-panics',
      subject: label,
      sentence: `CoreDNS at ${label} panicked ${times} since its start`,
      evidence: [`coredns_panics_total ${panics}`],
      about: [label],
    })
  }
  return found
}

export const pages: Rule = ({ facts }) => facts.pages.flatMap(ofPage)

/** Nearly full it is a warning; only a full table drops, and then it may be why anything is lost. */
export const conntrack: Rule = ({ facts }) => {
  if (facts.conntrack === undefined) return []
  const { entries, limit, insertFailedMore } = facts.conntrack
  const share = limit > 0 ? entries / limit : 0
  if (share < CONNTRACK_HIGH) return []
  const full = share >= CONNTRACK_FULL
  const effect = full ? 'new flows are dropped' : 'soon new flows are dropped'
  return [
    {
      code: 'conntrack-full',
      subject: 'node',
      sentence: `the connection tracking holds ${entries} of ${limit} entries (${Math.round(share * 100)} %): ${effect}`,
      evidence: [`insert_failed grew by ${insertFailedMore}`],
      about: [],
      nodeWide: full,
      severity: full ? 'critical' : 'warning',
    },
  ]
}
