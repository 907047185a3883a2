/**
 * A node and its DNS servers: two namespaces joined by veth, many addresses on the side of the servers.
 * Some addresses are nobody's (packets to them vanish), some a machine's where nothing listens.
 */
import { execFileSync } from 'node:child_process'
import { openPath, type Path } from '../harness.ts'
import type { Material } from './material.ts'

/** Who is where; the same in every set-up. */
export const AT = {
  /** Authoritative servers. */
  auth: '10.99.0.20',
  auth2: '10.99.0.21',
  /** Resolvers; in a cluster the endpoints of its DNS. */
  resolver: '10.99.0.30',
  resolver2: '10.99.0.31',
  resolver3: '10.99.0.32',
  liar: '10.99.0.40',
  liar2: '10.99.0.41',
  /** Of the cluster's DNS service, and of the cache on the node. */
  service: '10.99.0.50',
  cache: '10.99.0.51',
  /** The machine is there and nothing listens. */
  down: '10.99.0.60',
  down2: '10.99.0.61',
  down3: '10.99.0.62',
} as const

/** Nobody has them: what is sent there vanishes without a word. */
export const SILENT = ['10.99.0.70', '10.99.0.71', '10.99.0.72', '10.99.0.73'] as const
const NOBODY = '02:00:00:00:00:99'

export interface World {
  readonly path: Path
  readonly material: Material
  /** What is dropped between the node and the servers: `in`, to them. */
  filter(way: 'in' | 'out', rule: string): void
  close(): Promise<void>
}

/** Many commands of `ip` in one process. */
function batch(namespace: string, commands: readonly string[]): void {
  execFileSync('ip', ['-n', namespace, '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

const vanish = (device: string): string[] =>
  SILENT.map((address) => `neigh add ${address} lladdr ${NOBODY} dev ${device} nud permanent`)

export function openWorld(name: string, material: Material): World {
  const path = openPath(name)
  const { a, b, interfaceA, interfaceB } = path
  batch(a, vanish(interfaceA))
  batch(b, [
    ...Object.values(AT).map((address) => `addr add ${address}/24 dev ${interfaceB}`),
    ...vanish(interfaceB),
  ])
  const nft = (rule: string): void => {
    execFileSync('ip', ['netns', 'exec', b, 'nft', '-f', '-'], { input: rule, stdio: 'pipe' })
  }
  let filtered = false
  return {
    ...{ path, material },
    filter: (way, rule) => {
      if (!filtered) {
        const chains = ['input', 'output'].map(
          (hook) => `chain ${hook} { type filter hook ${hook} priority 0; };`,
        )
        nft(`table inet lab { ${chains.join(' ')} }`)
      }
      filtered = true
      // what the servers ask each other goes its way
      const where = way === 'in' ? `input iifname ${interfaceB}` : `output oifname ${interfaceB}`
      nft(`add rule inet lab ${where} ${rule}`)
    },
    close: () => path.close(),
  }
}
