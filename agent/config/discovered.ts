/**
 * What a node without a configuration, or with one that names no sources, measures: what it has.
 *
 * Every PHC is a clock to observe, every management socket a ptp4l, a chronyd on this node a source to
 * watch, resolv.conf a list of servers to probe. Nothing is driven. A socket does not tell the domain of
 * its ptp4l: 0, linuxptp's default, is assumed, and whoever shows the configuration says so.
 */

import type { NodeInfo } from '../ports/node.ts'
import { defaultClock, emptyConfig, toSources } from './defaults.ts'
import type { ClockConfig, Config, SourceConfig } from './types.ts'

function discoveredSources({ ptp4lSockets, chronyd }: NodeInfo): SourceConfig[] {
  const ptp4l = toSources(ptp4lSockets.map((socket) => ({ ptp4l: { socket } })))
  return chronyd ? [...ptp4l, ...toSources([{ chrony: {} }])] : ptp4l
}

/** A configuration without `sources` gets those of the node; any other stays as it is. */
export const completeConfig = (config: Config, info: NodeInfo): Config =>
  config.discover === true ? { ...config, sources: discoveredSources(info) } : config

const discoveredClocks = ({ phcs }: NodeInfo): Record<string, ClockConfig> =>
  Object.fromEntries(
    ['system', ...phcs.map(({ index, interfaces }) => `phc:${interfaces[0] ?? `ptp${index}`}`)].map(
      (name) => [name, defaultClock('observe')],
    ),
  )

/** The configuration of a node that was given none. */
export const defaultConfig = (info: NodeInfo): Config =>
  completeConfig({ ...emptyConfig(), clocks: discoveredClocks(info), explicit: false }, info)
