/**
 * The NICs of this node as time goes on: what changed between two looks is noted, and a PHC that was
 * found once is found again by the place of its NIC, also when the interface got another name, or a
 * driver that was reset brought the PHC back under another number.
 */
import type { Nic } from '../core/nic.ts'
import { describeNicChange, nicChanges } from '../core/nic-changes.ts'
import type { ClockName } from '../core/sample.ts'
import type { PhcInfo } from '../ports/node.ts'

export interface NicKeeperOptions {
  readonly nics: () => readonly Nic[]
  /** Differs when it is worth while to ask for `nics`. */
  readonly outline: () => string
  readonly phcs: () => readonly PhcInfo[]
  /** The one among them that a name means. */
  readonly named: (phcs: readonly PhcInfo[], name: ClockName) => PhcInfo | undefined
  /** What happened, one sentence each. */
  readonly note: (detail: string) => void
}

export class NicKeeper {
  readonly #options: NicKeeperOptions
  /** Places of the NICs whose PHCs were found by name. */
  readonly #places = new Map<ClockName, string>()
  /** As they were found last: what is open is open under that name. */
  readonly #found = new Map<ClockName, PhcInfo>()
  #nics: readonly Nic[]
  #outline: string

  constructor(options: NicKeeperOptions) {
    this.#options = options
    this.#outline = options.outline()
    this.#nics = options.nics()
  }

  /** Asks the kernel again, and tells what is different. */
  look(): readonly Nic[] {
    const nics = this.#options.nics()
    for (const change of nicChanges(this.#nics, nics)) this.#options.note(describeNicChange(change))
    this.#nics = nics
    return nics
  }

  /** For every now and then: asks where something came, went or changed its name. */
  glance(): void {
    const outline = this.#options.outline()
    if (outline === this.#outline) return
    this.#outline = outline
    this.look()
  }

  /** The PHC that is meant by `name` now; undefined: it is not there. Reads all of sysfs. */
  find(name: ClockName): PhcInfo | undefined {
    const found = this.#search(name)
    if (found === undefined) this.#found.delete(name)
    else this.#found.set(name, found)
    return found
  }

  /** What the last `find` gave: what was opened then is that one still. Asks nobody. */
  found(name: ClockName): PhcInfo | undefined {
    return this.#found.get(name)
  }

  #search(name: ClockName): PhcInfo | undefined {
    const nics = this.look()
    const phcs = this.#options.phcs()
    const place = this.#places.get(name)
    const nic = nics.find(({ key }) => key === place)
    if (nic !== undefined) return phcs.find(({ index }) => index === nic.phcIndex)
    const found = this.#options.named(phcs, name)
    const owner = nics.find(({ phcIndex }) => found !== undefined && phcIndex === found.index)
    if (owner !== undefined) this.#places.set(name, owner.key)
    return found
  }
}
