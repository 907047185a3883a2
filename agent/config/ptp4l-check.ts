/**
 * What a ptp4l of a given release will refuse in a configuration, each named with its line before ptp4l
 * is started: it stops at the first line that it does not know, and a newer release knows more.
 */

import { formatVersion, isAtLeast, type Version } from './linuxptp-version.ts'
import {
  type Conf,
  type ConfOption,
  type ConfSection,
  GLOBAL,
  MASTER_TABLE,
  optionsOf,
} from './ptp4l-conf.ts'
import { OPTIONS, type OptionFact } from './ptp4l-options.ts'
import { nearest } from './suggest.ts'

export interface Refusal {
  /** From 1; 0 for a line that was not in the text. */
  readonly line: number
  readonly option: string
  /** `newer`: an option of a later release; `unknown`: of none that is known here. */
  readonly kind: 'newer' | 'unknown' | 'section' | 'value'
  readonly message: string
}

/** Of a table of unicast servers; no other section has them. */
const TABLE_OPTIONS = ['table_id', 'logQueryInterval', 'peer_address', 'L2', 'UDPv4', 'UDPv6']

type Problem = Omit<Refusal, 'line' | 'option'>

function notKnown(name: string, known: readonly string[]): Problem {
  const near = nearest(name, known)
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`
  return { kind: 'unknown', message: `${name}: no known option${hint}` }
}

/** As C's strtol with base 0 (a leading 0 means octal) and strtod; undefined where they stop early. */
function numberOf(kind: OptionFact['kind'], value: string): number | undefined {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(value) ?? []
  const whole = /^(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i
  if (!(kind === 'int' ? whole : /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i).test(digits)) return undefined
  const octal = kind === 'int' && /^0\d/.test(digits)
  return (sign === '-' ? -1 : 1) * (octal ? Number.parseInt(digits, 8) : Number(digits))
}

function numberProblem({ name, kind, low, high }: OptionFact, value: string): Problem | undefined {
  const number = numberOf(kind, value)
  if (number === undefined) {
    const what = kind === 'int' ? 'a whole number' : 'a number'
    return { kind: 'value', message: `${name} ${value}: expected ${what}` }
  }
  if (number >= low && number <= high) return undefined
  const limits = Number.isFinite(high) ? `from ${low} to ${high}` : `at least ${low}`
  return { kind: 'value', message: `${name} ${value}: must be ${limits}` }
}

function wordProblem(fact: OptionFact, value: string, version: Version): Problem | undefined {
  const { name, words } = fact
  const found = words.find(({ word }) => word.toLowerCase() === value.toLowerCase())
  if (found === undefined) {
    const known = words.map(({ word }) => word).join(', ')
    return { kind: 'value', message: `${name} ${value}: expected one of ${known}` }
  }
  return isAtLeast(version, found.since)
    ? undefined
    : newer(`${name} ${value}`, found.since, version)
}

const newer = (what: string, since: Version, version: Version): Problem => ({
  kind: 'newer',
  message: `${what}: since linuxptp ${formatVersion(since)}, here is ${formatVersion(version)}`,
})

function valueProblem(fact: OptionFact, value: string, version: Version): Problem | undefined {
  if (value === '') return { kind: 'value', message: `${fact.name} has no value` }
  if (fact.kind === 'text') return undefined
  if (fact.kind === 'enum') return wordProblem(fact, value, version)
  const isWord = fact.words.some(({ word }) => word.toLowerCase() === value.toLowerCase())
  return isWord ? undefined : numberProblem(fact, value)
}

/** One option as ptp4l meets it; also for `--name=value` on the command line, which is global. */
export function optionProblem(
  section: string,
  { name, value }: Pick<ConfOption, 'name' | 'value'>,
  version: Version,
): Problem | undefined {
  if (section === MASTER_TABLE) {
    return TABLE_OPTIONS.includes(name) ? undefined : notKnown(name, TABLE_OPTIONS)
  }
  const fact = OPTIONS.get(name)
  if (fact === undefined) return notKnown(name, [...OPTIONS.keys()])
  if (!isAtLeast(version, fact.since)) return newer(name, fact.since, version)
  if (section !== GLOBAL && !fact.port) {
    return { kind: 'section', message: `${name} may stand in [global] only` }
  }
  return valueProblem(fact, value, version)
}

function sectionRefusals(section: ConfSection, version: Version): Refusal[] {
  return optionsOf(section).flatMap((option) => {
    const problem = optionProblem(section.name, option, version)
    return problem === undefined ? [] : [{ line: option.line, option: option.name, ...problem }]
  })
}

/** All that ptp4l of that release would refuse; it would itself name the first one only. */
export const refusalsOf = ({ sections }: Conf, version: Version): Refusal[] =>
  sections.flatMap((section) => sectionRefusals(section, version))
