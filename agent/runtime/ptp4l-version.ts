/** Which release a ptp4l is, in its own words (`ptp4l -v`). */
import { spawnSync } from 'node:child_process'

const PATIENCE_MS = 2000

/** Empty where it is not installed, or says nothing. */
export function askVersion(program: string): string {
  const { stdout } = spawnSync(program, ['-v'], { encoding: 'utf8', timeout: PATIENCE_MS })
  return (stdout ?? '').trim()
}
