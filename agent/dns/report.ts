/** What facts amount to, for everything that shows them. */
import { type Diagnosis, diagnose } from './diagnosis.ts'
import type { DnsFacts } from './facts.ts'
import { type MatrixRow, matrixOf } from './matrix.ts'
import { type Measures, measuresOf } from './measures.ts'

export interface DnsReport {
  readonly matrix: readonly MatrixRow[]
  /** In the order of causes; empty where nothing is wrong. */
  readonly diagnoses: readonly Diagnosis[]
  readonly measures: Measures
}

export const reportOf = (facts: DnsFacts): DnsReport => ({
  matrix: matrixOf(facts),
  diagnoses: diagnose(facts),
  measures: measuresOf(facts),
})
