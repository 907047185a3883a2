/** A PHC behind a slow bus (MDIO, SPI) takes 85 to 100 us to be read, and its bound is half of that. */
import type { Action } from '../core/machine.ts'
import type { Nanos } from '../core/units.ts'

/** PCIe takes 1 to 5 us. */
const SLOW = 20_000
const IN_A_ROW = 8

export class BusWatch {
  #slow = 0
  #told = false

  /** `width`: of a reading, ns. What there is to tell: once. */
  see(width: Nanos): readonly Action[] {
    this.#slow = width > SLOW ? this.#slow + 1 : 0
    if (this.#told || this.#slow < IN_A_ROW) return []
    this.#told = true
    const us = (width / 1000).toFixed(0)
    const detail = `a reading takes ${us} us, as by MDIO or SPI: the error bound has ${(width / 2000).toFixed(0)} us of it`
    return [{ do: 'note', code: 'slow-bus', detail }]
  }
}
