/** Every fault of a Corefile by name: whether CoreDNS would refuse the file, and what to tell. */

export interface Place {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
}

/** `error`: CoreDNS does not start with it. `warning`: it starts, but hardly as it was meant. */
export type CorefileSeverity = 'error' | 'warning'

export const COREFILE_FAULTS = {
  'too-long': ['error', 'the text is too long to be a Corefile'],
  'too-deep': ['error', 'blocks are nested too deep'],
  'unterminated-quote': ['warning', 'the quote is not closed; it reaches to the end of the file'],
  'comment-in-token': ['warning', 'a # inside of a word hides only the rest of that word'],
  'unset-variable': ['warning', 'the environment variable is not set'],
  'no-key': ['error', 'a server block without a zone'],
  'extra-comma': ['error', 'another zone is expected after the comma'],
  'unexpected-end': ['error', 'the file ends where more is expected'],
  'unexpected-brace': ['error', 'a closing brace that nothing opened'],
  'brace-on-own-line': [
    'warning',
    'the brace stands on a line of its own; plugins may pass over it',
  ],
  'unclosed-block': ['error', 'the block is not closed'],
  'snippet-braces': ['error', 'a snippet needs braces'],
  'snippet-again': ['error', 'a snippet of this name is there already'],
  'import-argument': ['error', 'import takes one name, file or pattern'],
  'import-wildcards': ['error', 'an import pattern may have one wildcard'],
  'import-missing': ['error', 'neither a snippet defined above nor a file'],
  'import-empty': ['warning', 'no file matches the pattern'],
  'import-cycle': ['error', 'the import comes back to itself'],
  'import-limit': ['error', 'too many imports'],
  'bad-scheme': ['error', 'no such scheme'],
  'bad-port': ['error', 'not a port'],
  'bad-zone': ['error', 'not a domain name'],
  'duplicate-zone': ['error', 'the zone is served there already'],
  'too-many-zones': ['error', 'more zones and forwards than anybody has; the rest is left out'],
  'missing-argument': ['error', 'an argument is missing'],
  'extra-argument': ['error', 'too many arguments'],
  'bad-upstream': ['error', 'not an address, a file or a host name'],
  'too-many-upstreams': ['error', 'more than 15 upstreams'],
  'bad-policy': ['error', 'expected random, round_robin or sequential'],
  'bad-number': ['error', 'not a whole number in its range'],
  'bad-duration': ['error', 'not a duration such as 500ms, 5s or 1m30s'],
  'unknown-option': ['error', 'no such option is known; it is kept'],
  'no-server-name': ['warning', 'TLS without tls_servername: anyone in between can answer'],
  'server-name-clash': ['error', 'tls_servername beside a name after %'],
  'cidr-first-zone': ['warning', 'the network is several zones; only the first is forwarded'],
  'repeated-plugin': ['error', 'stands twice in this block'],
  'bad-address': ['error', 'not an address'],
} as const satisfies Record<string, readonly [CorefileSeverity, string]>

export type CorefileFaultCode = keyof typeof COREFILE_FAULTS

export interface CorefileFault extends Place {
  readonly code: CorefileFaultCode
  /** The word at fault, cut to 200 characters. */
  readonly text: string
}

export const corefileFault = (
  code: CorefileFaultCode,
  { file, line, column }: Place,
  text: string,
): CorefileFault => ({ code, file, line, column, text: text.slice(0, 200) })

export const severityOf = ({ code }: CorefileFault): CorefileSeverity => COREFILE_FAULTS[code][0]

/** `Corefile:3:14: 1.1.1: not an address, a file or a host name (bad-upstream)` */
export function formatCorefileFault(fault: CorefileFault): string {
  const { file, line, column, code, text } = fault
  const word = text === '' ? '' : `${text}: `
  return `${file}:${line}:${column}: ${word}${COREFILE_FAULTS[code][1]} (${code})`
}
