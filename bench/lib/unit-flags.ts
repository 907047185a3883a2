import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Node's flags as the unit gives them, so that the figure is of what is shipped. */
export function flagsOfUnit(): string[] {
  const unit = readFileSync(join(import.meta.dirname, '../../systemd/timewarden.service'), 'utf8')
  const [, flags = ''] = /^ExecStart=\S+ (.*?) ?\S*\/main\.js/m.exec(unit) ?? []
  return flags.split(' ').filter((flag) => flag !== '')
}
