/** `timewarden nics`: what this node's NICs can do for PTP. Asks the kernel, not a running agent. */
import { hostname } from 'node:os'
import { nicsView, nodePtpDevice } from '../observe/nics-view.ts'
import { discoverOwnNics } from '../runtime/nics.ts'
import { renderNics } from './render-nics.ts'
import type { Screens } from './status.ts'

export interface NicsOptions {
  readonly form: 'table' | 'json' | 'node-ptp-device'
  /** Also what is no physical NIC and no bond or bridge of some. */
  readonly all: boolean
}

/** `nodeName` as the orchestrator calls this node; the host's name where that is unknown. */
export function showNics(
  { form, all }: NicsOptions,
  nodeName: string | undefined,
  { out }: Pick<Screens, 'out'>,
): number {
  const found = discoverOwnNics()
  const node = nodeName || hostname()
  const json = (document: unknown): void => out.line(JSON.stringify(document, null, 2))
  if (form === 'node-ptp-device') json(nodePtpDevice(found, node))
  else if (form === 'json') json(nicsView(found, node, all))
  else out.lines(renderNics(nicsView(found, node, all), out.paint))
  return 0
}
