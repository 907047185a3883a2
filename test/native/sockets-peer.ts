/** The port that the kernel gave to a socket of ours, by /proc. */
import { readFileSync, readlinkSync } from 'node:fs'

export function localPort(fd: number): number {
  const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0]
  for (const table of ['udp', 'udp6']) {
    for (const line of readFileSync(`/proc/net/${table}`, 'utf8').split('\n')) {
      const fields = line.trim().split(/\s+/)
      if (fields[9] === inode) return Number.parseInt(fields[1]!.split(':')[1]!, 16)
    }
  }
  throw new Error(`no port of descriptor ${fd}`)
}
