/**
 * `timewarden render-ptp4l`: what the PtpConfig resources of a file amount to on a node, as text: each
 * ptp4l's configuration and command line, and what that ptp4l would refuse. Starts and writes nothing.
 * Exit codes are those of sysexits.h: 78 (EX_CONFIG) faults or refusals, 66 no such file, 0 fine.
 */
import { formatFault } from '../config/faults.ts'
import type { Version } from '../config/linuxptp-version.ts'
import { loadPtpConfigs, type PtpConfig } from '../config/ptp-config.ts'
import { type ChosenProfile, chooseProfiles, type NodeIdentity } from '../config/ptp-recommend.ts'
import { type ClockMode, type Rendered, renderProfile } from '../config/ptp4l-render.ts'
import { quoteWord } from '../config/shell-words.ts'
import { EX_CONFIG } from './check-config.ts'
import { EX_NOINPUT, readText } from './read-text.ts'

export interface RenderOptions {
  readonly file: string
  readonly node: NodeIdentity
  readonly directory: string
  readonly mode: ClockMode
  readonly version: Version
}

interface Lines {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

const commandLine = (words: readonly string[]): string => words.map(quoteWord).join(' ')

/** What keeps the profile from running, as lines. */
const troublesOf = ({ ptp4l, faults }: Rendered): string[] => [
  ...faults.map(({ message }) => message),
  ...(ptp4l?.refusals ?? []).map(({ line, message }) =>
    line === 0 ? `ptp4lOpts: ${message}` : `${ptp4l?.file}:${line}: ${message}`,
  ),
]

function print({ qualifiedName }: ChosenProfile, { ptp4l, others }: Rendered, { out }: Lines) {
  out(`# profile ${qualifiedName}`)
  if (ptp4l === undefined) out('# runs no ptp4l')
  else {
    out(`# command: ${commandLine(ptp4l.command)}`)
    out(`# socket: ${ptp4l.socket}, domain ${ptp4l.domain}`)
  }
  for (const [program, words] of Object.entries(others)) {
    out(`# asks for: ${commandLine([program, ...(words ?? [])])}`)
  }
  if (ptp4l !== undefined) {
    out(`# file: ${ptp4l.file}`)
    out(ptp4l.text)
  }
}

/** How many troubles there were. */
function renderAll(configs: readonly PtpConfig[], options: RenderOptions, lines: Lines): number {
  const { node, directory, mode, version } = options
  const { chosen, missing } = chooseProfiles(configs, node)
  for (const name of missing) lines.err(`profile ${name} is recommended, and defined nowhere`)
  if (chosen.length + missing.length === 0) lines.err(`no profile is for node ${node.name}`)
  const troubles = chosen.flatMap((each, index) => {
    const rendered = renderProfile(each.profile, { index, mode, version, directory })
    print(each, rendered, lines)
    return troublesOf(rendered).map((trouble) => `${each.qualifiedName}: ${trouble}`)
  })
  for (const trouble of troubles) lines.err(trouble)
  return troubles.length + missing.length
}

export function renderPtp4l(options: RenderOptions, lines: Lines): number {
  const { file } = options
  const content = readText(file)
  if ('reason' in content) {
    lines.err(`${file}: ${content.reason}`)
    return EX_NOINPUT
  }
  const loaded = loadPtpConfigs(content.text, file)
  for (const fault of loaded.ok ? loaded.notices : loaded.faults) lines.err(formatFault(fault))
  if (!loaded.ok) return EX_CONFIG
  return renderAll(loaded.configs, options, lines) === 0 ? 0 : EX_CONFIG
}
