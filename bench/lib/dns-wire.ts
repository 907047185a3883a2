/** Query to answer as the packets pass the interface, by tcpdump: the same judge for every client. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { find, type Path } from '../../test/peers/harness.ts'

/** `1795473208.123456789 IP 127.0.0.1.40000 > 127.0.0.1.5301: ...` */
const LINE = /^(\d+)\.(\d{9}) IP \S+\.(\d+) > \S+\.(\d+):/

/** The kernel hands packets over in blocks, at the latest after a second: ms. */
const HAND_OVER = 1200

export interface Capture {
  /** Ends it; seconds from each query to the answer right behind it. */
  stop(): Promise<number[]>
}

function pairs(lines: readonly string[], server: number): number[] {
  const latencies: number[] = []
  let asked: { readonly at: bigint; readonly from: string } | undefined
  for (const line of lines) {
    const [, whole = '', nano = '', from = '', to = ''] = LINE.exec(line) ?? []
    const at = BigInt(whole + nano)
    if (Number(to) === server) asked = { at, from }
    else if (asked?.from === to) latencies.push(Number(at - asked.at) / 1e9)
  }
  return latencies
}

export async function capture(
  path: Path,
  { namespace, device, port }: { namespace: string; device: string; port: number },
): Promise<Capture> {
  const file = join(path.folder, `${device}.pcap`)
  const which = ['-i', device, '-w', file, 'udp', 'port', `${port}`]
  const program = path.run(namespace, 'tcpdump', ['-n', '--nano', '-Z', 'root', ...which])
  await program.saw(/listening on/)
  return {
    stop: async () => {
      await sleep(HAND_OVER)
      await program.stop('SIGINT')
      const text = execFileSync(find('tcpdump') ?? 'tcpdump', ['-n', '-tt', '--nano', '-r', file], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      return pairs(
        text.split('\n').filter((line) => LINE.test(line)),
        port,
      )
    },
  }
}
