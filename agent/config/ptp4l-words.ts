/**
 * The words of ptp4l's command line as its getopt_long reads them. Source: ptp4l(8), "OPTIONS".
 */

/** A letter (`i`) or a long option (`domainNumber`), with its value where it takes one. */
export interface WordOption {
  readonly name: string
  readonly long: boolean
  /** Undefined where it takes one and the line ends: the next word that is added would be it. */
  readonly value: string | undefined
}

/** Letters with a value, which may follow at once (`-ieth0`) or as the next word. */
const WITH_VALUE = 'fipl'

/** Every long option has a value: a name of the configuration file. */
function longOption(word: string, next: string | undefined) {
  const [, name = '', equals, value = ''] = /^--([^=]*)(=?)([\s\S]*)$/.exec(word) ?? []
  const own = equals === '='
  const option = { name, long: true, value: own ? value : next }
  return { options: [option], used: own ? 1 : 2 }
}

function letters(word: string, next: string | undefined): { options: WordOption[]; used: number } {
  const options: WordOption[] = []
  for (let at = 1; at < word.length; at++) {
    const name = word.charAt(at)
    if (!WITH_VALUE.includes(name)) {
      options.push({ name, long: false, value: '' })
      continue
    }
    const rest = word.slice(at + 1)
    options.push({ name, long: false, value: rest === '' ? next : rest })
    return { options, used: rest === '' ? 2 : 1 }
  }
  return { options, used: 1 }
}

/** Words that are no option are passed over: ptp4l does so, too. */
export function readOptions(words: readonly string[]): WordOption[] {
  const options: WordOption[] = []
  let at = 0
  while (at < words.length && words[at] !== '--') {
    const word = words[at] ?? ''
    const read = word.startsWith('--') ? longOption : letters
    const { options: more, used } =
      word.startsWith('-') && word !== '-' ? read(word, words[at + 1]) : { options: [], used: 1 }
    options.push(...more)
    at += used
  }
  return options
}
