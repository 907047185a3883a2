/** A page of results whose sections are replaced one by one, so that a part can be measured again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const HEAD = `# Figures

Written by the benches; each section by the last run of its own. How to run them: README.md.
`

export function writeSection(file: string, title: string, text: string): void {
  const page = existsSync(file) ? readFileSync(file, 'utf8') : HEAD
  writeFileSync(file, replaceSection(page, title, text))
}

/** The page with `## title` holding `text`; a new section goes to the end. */
export function replaceSection(page: string, title: string, text: string): string {
  const [head = '', ...sections] = page.split(/^## /m)
  const mine = `${title}\n\n${text.trim()}\n`
  const at = sections.findIndex((section) => section.startsWith(`${title}\n`))
  const kept = at < 0 ? [...sections, mine] : sections.with(at, mine)
  return [`${head.trim()}\n`, ...kept.map((each) => `\n## ${each.trim()}\n`)].join('')
}
