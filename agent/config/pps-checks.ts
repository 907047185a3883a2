/** What the keys of a PPS source, and of the pulses that a PHC puts out, ask of each other. */
import { formatDuration, parseDuration } from './duration.ts'
import type { ConfigPath, Finding } from './faults.ts'

type Raw = Readonly<Record<string, unknown>>

/** Where the width is as near to half a second, either edge may be the one that is meant. */
const ALIKE = 0.06

const secondsOf = (value: unknown, otherwise: number): number =>
  typeof value === 'string' ? parseDuration(value) : otherwise

export function checkPps(raw: Raw, path: ConfigPath): Finding[] {
  const { device, clock, edge } = raw
  if (device === undefined && clock === undefined) {
    const message = 'device (/dev/ppsN) or clock (phc:...) is missing'
    return [{ path, at: 'value', message }]
  }
  if (device !== undefined && clock !== undefined) {
    const message = 'device and clock are two sources: who stamps the pulses, kernel or PHC?'
    return [{ path: [...path, 'clock'], at: 'key', message }]
  }
  if (device !== undefined) return ofDevice(raw, path)
  return edge === 'both' ? checkWidth(raw, path) : []
}

function ofDevice(raw: Raw, path: ConfigPath): Finding[] {
  const alone = ['channel', 'pin', 'width'].filter((key) => key in raw)
  const findings = alone.map(
    (key): Finding => ({
      path: [...path, key],
      at: 'key',
      message: `${key} is of a PHC; ${String(raw['device'])} has none`,
    }),
  )
  if (raw['edge'] !== 'both') return findings
  const message = 'the kernel tells the edges of a PPS device apart: rising or falling'
  return [...findings, { path: [...path, 'edge'], at: 'value', message }]
}

function checkWidth(raw: Raw, path: ConfigPath): Finding[] {
  const width = secondsOf(raw['width'], 0.1)
  if (!(Math.abs(width - 0.5) < ALIKE)) return []
  const message = `pulses of ${formatDuration(width)}: rising and falling edges are not to be told apart`
  return [{ path: 'width' in raw ? [...path, 'width'] : path, at: 'value', message }]
}

export function checkOutputs(raw: Raw, path: ConfigPath): Finding[] {
  if (path.at(-1) === 'system') {
    return ['outputs', 'kernelPps']
      .filter((key) => key in raw)
      .map((key): Finding => {
        const message = `${key} is of a PHC; the system clock has no pins`
        return { path: [...path, key], at: 'key', message }
      })
  }
  const list = Array.isArray(raw['outputs']) ? (raw['outputs'] as unknown[]) : []
  return list.flatMap((output, index) =>
    typeof output === 'object' && output !== null
      ? withinPeriod(output as Raw, [...path, 'outputs', index])
      : [],
  )
}

function withinPeriod(output: Raw, path: ConfigPath): Finding[] {
  const period = secondsOf(output['period'], 1)
  return ['phase', 'width'].flatMap((key): Finding[] => {
    const value = secondsOf(output[key], 0)
    if (!(value >= period)) return []
    const message = `${key} ${formatDuration(value)} is not within the period of ${formatDuration(period)}`
    return [{ path: [...path, key], at: 'value', message }]
  })
}
