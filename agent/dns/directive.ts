/** Reads the words of one directive; what is not as it must be becomes a fault at that word. */
import type { Directive } from './corefile.ts'
import {
  type CorefileFault,
  type CorefileFaultCode,
  corefileFault,
  type Place,
} from './corefile-faults.ts'
import type { Word } from './corefile-reader.ts'
import type { KeptOption } from './forwarding-types.ts'
import { parseGoDuration } from './go-duration.ts'
import { zonesOf } from './zone-key.ts'

export const placeOf = ({ file, line, column }: Place): Place => ({ file, line, column })

export const keep = ({ name, args }: Directive): KeptOption => ({
  name: name.value,
  args: args.map(({ value }) => value),
  place: placeOf(name),
})

export class DirectiveReader {
  readonly #faults: CorefileFault[]
  readonly directive: Directive

  constructor(directive: Directive, faults: CorefileFault[]) {
    this.directive = directive
    this.#faults = faults
  }

  get name(): string {
    return this.directive.name.value
  }

  /** An option inside of the block, with the same list of faults. */
  options(): DirectiveReader[] {
    return (this.directive.block ?? []).map((each) => new DirectiveReader(each, this.#faults))
  }

  fault(code: CorefileFaultCode, at: Word = this.directive.name): void {
    this.#faults.push(corefileFault(code, at, at.value))
  }

  /** The words after the name, at least `low` and at most `high` of them; fewer is undefined. */
  args(low: number, high = Number.POSITIVE_INFINITY): readonly Word[] | undefined {
    const { args } = this.directive
    const extra = args[high]
    if (extra !== undefined) this.fault('extra-argument', extra)
    if (args.length >= low) return args.slice(0, high)
    this.fault('missing-argument')
    return undefined
  }

  /** The only word. */
  one(): Word | undefined {
    return this.args(1, 1)?.[0]
  }

  wholeOf(word: Word | undefined, low = 0): number | undefined {
    if (word === undefined) return undefined
    const value = /^\d{1,9}$/.test(word.value) ? Number(word.value) : -1
    if (value >= low) return value
    this.fault('bad-number', word)
    return undefined
  }

  /** Seconds, 0 or more. */
  durationOf(word: Word | undefined): number | undefined {
    if (word === undefined) return undefined
    const seconds = parseGoDuration(word.value)
    if (seconds !== undefined && seconds >= 0) return seconds
    this.fault('bad-duration', word)
    return undefined
  }

  zonesOf(words: readonly Word[]): string[] {
    return words.flatMap((word) => {
      const zones = zonesOf(word.value)
      if (zones === undefined) this.fault('bad-zone', word)
      return zones ?? []
    })
  }
}
