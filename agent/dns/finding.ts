/** What one rule found, before causes hide their consequences. */
import type { DiagnosisCode, Severity } from './diagnoses.ts'

export interface Finding {
  readonly code: DiagnosisCode
  /** What it is about, for people and for grouping: a server, a forwarding, a file, a zone. */
  readonly subject: string
  /** With the figures. */
  readonly sentence: string
  readonly evidence: readonly string[]
  /** Labels of the targets that it is seen at; empty: it is of the node. */
  readonly about: readonly string[]
  /** It may explain findings at every target, and those of the node. */
  readonly nodeWide?: boolean
  /** Targets that ask those in `about`, and suffer from it. */
  readonly starved?: readonly string[]
  /** Names that it was seen with; absent: not a matter of names. */
  readonly names?: readonly string[]
  /** It explains only what is seen with names below these; absent: everything. */
  readonly zones?: readonly string[]
  /** Where this case is better or worse than the catalogue says. */
  readonly severity?: Severity
  /** Where this case needs other words than the catalogue has. */
  readonly next?: string
}
