/** Small readings of sysfs and procfs: what cannot be read is absent, not an error. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'

export function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}

/** '' where there is none. */
export const text = (path: string): string => attempt(() => readFileSync(path, 'utf8'), '')
export const line = (path: string): string => text(path).trim()
/** Sorted names, empty where there is no such folder. */
export const list = (path: string): string[] => attempt(() => readdirSync(path).sort(), [])
/** Without symbolic links, '' where it leads nowhere. */
export const realpath = (path: string): string => attempt(() => realpathSync(path), '')
/** Of a symbolic link, as it is written; '' where there is none. */
export const target = (path: string): string => attempt(() => readlinkSync(path), '')

/** A decimal integer; null where there is none. */
export function integer(path: string): number | null {
  const found = line(path)
  return /^-?\d+$/.test(found) ? Number(found) : null
}

const PCI = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/

/** The nearest PCI function above a device: itself, or for virtio its parent. */
export const pciAddress = (devicePath: string): string =>
  devicePath
    .split('/')
    .reverse()
    .find((part) => PCI.test(part)) ?? ''
