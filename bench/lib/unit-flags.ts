import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Node's flags as the unit gives them, so that the figure is of what is shipped. `root`: of the tree. */
export function flagsOfUnit(root = join(import.meta.dirname, '../..')): string[] {
  const unit = readFileSync(join(root, 'systemd/timewarden.service'), 'utf8')
  const [, flags = ''] = /^ExecStart=\S+ (.*?) ?\S*\/main\.js/m.exec(unit) ?? []
  return flags.split(' ').filter((flag) => flag !== '')
}
