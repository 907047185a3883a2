/**
 * What a child writes, cut into lines: bounded in length, and in number by a token bucket, so that neither
 * a program without line breaks nor a flood fills memory or the log. What is left out is counted.
 */
import { elapsed, type Instant, toSeconds } from '../core/units.ts'

/** Characters of a line. */
export const MAX_LINE = 1000
/** Lines at once, and lines per second in the long run. */
export const BURST = 200
export const RATE = 20
const LAST = 5

export interface OutputOptions {
  readonly now: () => Instant<'mono'>
  readonly line: (text: string) => void
  /** Lines that were left out since the last line. */
  readonly dropped: (count: number) => void
}

export class ChildOutput {
  readonly #options: OutputOptions
  readonly #last: string[] = []
  readonly #ends: (() => void)[] = []
  #tokens = BURST
  #filledAt: Instant<'mono'>
  #dropped = 0

  constructor(options: OutputOptions) {
    this.#options = options
    this.#filledAt = options.now()
  }

  /** The last lines, oldest first, also those that were left out of the log. */
  get last(): readonly string[] {
    return this.#last
  }

  /** Takes the text of one stream as it comes. */
  stream(): (chunk: string) => void {
    let partial = ''
    this.#ends.push(() => {
      if (partial !== '') this.#line(partial)
      partial = ''
    })
    return (chunk) => {
      const lines = (partial + chunk).split('\n')
      // what is beyond the limit already is not kept, however long the line becomes
      partial = (lines.pop() ?? '').slice(0, MAX_LINE + 1)
      for (const line of lines) this.#line(line)
    }
  }

  /** The streams have ended: what was written without a line break is a line. */
  end(): void {
    for (const end of this.#ends) end()
    this.#tell()
  }

  #line(text: string): void {
    const whole = text.trimEnd()
    if (whole === '') return
    const line = whole.length > MAX_LINE ? `${whole.slice(0, MAX_LINE)}...` : whole
    this.#last.push(line)
    if (this.#last.length > LAST) this.#last.shift()
    this.#fill()
    if (this.#tokens < 1) {
      this.#dropped += 1
      return
    }
    this.#tokens -= 1
    this.#tell()
    this.#options.line(line)
  }

  #fill(): void {
    const now = this.#options.now()
    const more = toSeconds(elapsed(now, this.#filledAt)) * RATE
    this.#tokens = Math.min(BURST, this.#tokens + more)
    this.#filledAt = now
  }

  #tell(): void {
    if (this.#dropped > 0) this.#options.dropped(this.#dropped)
    this.#dropped = 0
  }
}
