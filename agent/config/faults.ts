/** A fault of the configuration, and how it is written for people and editors. */
export type ConfigPath = readonly (string | number)[]

/** A fault whose place in the text is not known yet. */
export interface Finding {
  readonly path: ConfigPath
  /** Whether the key or its value is at fault. */
  readonly at: 'key' | 'value'
  readonly message: string
  /** What to write instead. */
  readonly suggestion?: string
}

export interface ConfigFault {
  readonly file: string
  /** Line and column, from 1. */
  readonly line: number
  readonly column: number
  /** `sources[0].ntp.minpoll`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
  readonly suggestion?: string
}

const PLAIN_KEY = /^[A-Za-z_]\w*$/

export function formatPath(path: ConfigPath): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`
      if (!PLAIN_KEY.test(key)) return `[${JSON.stringify(key)}]`
      return index === 0 ? key : `.${key}`
    })
    .join('')
}

export const formatFault = ({ file, line, column, path, message, suggestion }: ConfigFault) => {
  const where = path === '' ? '' : `${path}: `
  const hint = suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`
  return `${file}:${line}:${column}: ${where}${message}${hint}`
}

export const formatFaults = (faults: readonly ConfigFault[]): string =>
  faults.map(formatFault).join('\n')
