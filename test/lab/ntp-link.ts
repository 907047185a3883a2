/**
 * An NTP client's view of the world: servers that answer from PHC 0, behind a router that delays.
 *
 *   root (its clock is steered)        router                        server
 *   tw0 10.0.1.1 ───────── r0 10.0.1.254  lab1 10.0.2.254 ───── lab0 10.0.2.1 ...
 *        ▲ software stamps      netem ◄──► netem                   ▲ hardware stamps of PHC 0
 *
 * The delay lies between the stamps of both ends and is the same in both directions.
 */
import { join } from 'node:path'
import type { Lab } from './lab.ts'

const RESPONDER = join(import.meta.dirname, '../../../responder')

export interface Link {
  /** One way, each way. */
  readonly delay: string
  readonly jitter: string
}

/** The server next door, with no router between: both ends stamp in hardware, if they want to. */
export function startNeighbour(lab: Lab): string {
  const ip = (text: string) => lab.call('ip', ...text.split(' '))
  ip('netns add server')
  ip('link set lab0 netns server')
  ip('-n server link set lab0 up')
  ip('-n server addr add 10.0.2.1/24 dev lab0')
  ip('addr add 10.0.2.254/24 dev lab1')
  ip('link set lab1 up')
  const what = ['lab0', '/dev/ptp0', '10.0.2.1', '0']
  lab.start('responder', 'nsenter', '--net=/run/netns/server', RESPONDER, ...what)
  return '10.0.2.1'
}

/** Addresses of the servers; server k is wrong by `errors[k]` ns. */
export function startServers(lab: Lab, errors: readonly number[], link: Link): string[] {
  const ip = (text: string) => lab.call('ip', ...text.split(' '))
  const inside = (space: string, command: string, ...args: string[]) =>
    lab.call('nsenter', `--net=/run/netns/${space}`, command, ...args)
  ip('netns add server')
  ip('netns add router')
  ip('link add tw0 type veth peer name r0')
  ip('link set r0 netns router')
  ip('link set lab1 netns router')
  ip('link set lab0 netns server')
  ip('addr add 10.0.1.1/24 dev tw0')
  ip('link set tw0 up')
  ip('-n router addr add 10.0.1.254/24 dev r0')
  ip('-n router addr add 10.0.2.254/24 dev lab1')
  for (const name of ['r0', 'lab1']) ip(`-n router link set ${name} up`)
  ip('-n server link set lab0 up')
  const addresses = errors.map((_, k) => `10.0.2.${k + 1}`)
  for (const address of addresses) ip(`-n server addr add ${address}/24 dev lab0`)
  ip('-n server route add 10.0.1.0/24 via 10.0.2.254')
  ip('route add 10.0.2.0/24 via 10.0.1.254')
  inside('router', 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
  for (const name of ['r0', 'lab1']) {
    const netem = `qdisc add dev ${name} root netem delay ${link.delay} ${link.jitter}`
    inside('router', 'tc', ...netem.split(' '))
  }
  errors.forEach((error, k) => {
    const what = ['lab0', '/dev/ptp0', addresses[k] ?? '', String(error)]
    lab.start(`responder-${k}`, 'nsenter', '--net=/run/netns/server', RESPONDER, ...what)
  })
  return addresses
}
