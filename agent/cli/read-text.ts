/** Files that a command is told to read. */
import { readFileSync } from 'node:fs'

/** sysexits.h: a file cannot be read. */
export const EX_NOINPUT = 66

export function readText(file: string): { readonly text: string } | { readonly reason: string } {
  try {
    return { text: readFileSync(file, 'utf8') }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : 'cannot be read' }
  }
}
