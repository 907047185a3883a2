/** Small text files of the state directory, by name. Failures are values; nothing is thrown. */
import type { PortFault } from '../core/errors.ts'
import type { Instant } from '../core/units.ts'

export type LoadResult =
  /** `modified`: when its text was last written, by the clock of the file system (stat(2), st_mtim). */
  | { readonly ok: true; readonly text: string; readonly modified?: Instant<'utc'> }
  | { readonly ok: false; readonly fault: PortFault }

export type StoreResult = { readonly ok: true } | { readonly ok: false; readonly fault: PortFault }

export interface FilesPort {
  /** A plain name in the state directory, or one of the paths that may be read beside it. */
  load(file: string): Promise<LoadResult>
  /** All or nothing: a reader sees the old text or the new one, also after a crash. */
  store(file: string, text: string): Promise<StoreResult>
}
