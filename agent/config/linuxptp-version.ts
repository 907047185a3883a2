/** Releases of linuxptp: read, compared, written. */

/** Major, minor, patch. */
export type Version = readonly [number, number, number]

/** The oldest release that is supported. */
export const OLDEST: Version = [3, 1, 1]

/** `3.1.1` or `4.4`, also with a distribution's tail (`4.2-2.el9`); undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch = '0'] = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?/.exec(text) ?? []
  if (major === undefined || minor === undefined) return undefined
  return [Number(major), Number(minor), Number(patch)]
}

/** `3.1.1`; `4.4` where the patch is 0. */
export const formatVersion = ([major, minor, patch]: Version): string =>
  patch === 0 ? `${major}.${minor}` : `${major}.${minor}.${patch}`

export function isAtLeast(version: Version, since: Version): boolean {
  const index = version.findIndex((part, at) => part !== since[at])
  return index === -1 || (version[index] ?? 0) > (since[index] ?? 0)
}
