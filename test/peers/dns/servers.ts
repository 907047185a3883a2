/** Real DNS servers in a world, each on addresses of its own; all resolve when they serve. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Program } from '../harness.ts'
import type { CertificateKind } from './certificates.ts'
import type { LieName } from './lies.ts'
import { shiftedBy } from './shift.ts'
import { AT, type World } from './world.ts'
import { PLAIN_ZONE, SIGNED_ZONES, type SignedZone, type Signing } from './zones.ts'

const folderOf = ({ path }: World, name: string): string => {
  const folder = join(path.folder, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

/** A program of the servers' side; a clock that is shifted (`+60d`) is its alone. */
function run(
  { path }: World,
  shift: string | undefined,
  command: string,
  args: readonly string[],
): Program {
  if (shift === undefined) return path.run(path.b, command, args)
  return path.run(path.b, 'env', [...shiftedBy(shift), command, ...args])
}

interface Authority {
  /** Default AT.auth. */
  readonly address?: string
  /** How zones are signed that are not simply valid. */
  readonly signings?: Readonly<Partial<Record<SignedZone, Signing>>>
  /** Zones that it does not have. */
  readonly without?: readonly string[]
  /** It has the unsigned zone as it was some transfers ago. */
  readonly lagging?: boolean
  /** Plain TCP on the port of DNS over TLS, too. */
  readonly plainOn853?: boolean
}

/** knotd with the root and all zones of the lab. */
export async function startKnot(world: World, authority: Authority = {}): Promise<Program> {
  const { address = AT.auth, signings = {}, without = [], lagging = false } = authority
  const { zones } = world.material
  const folder = folderOf(world, `knot-${address}`)
  const files: [string, string][] = [
    ['.', zones.root],
    [PLAIN_ZONE, lagging ? zones.plainOld : zones.plain],
    ...SIGNED_ZONES.map((zone): [string, string] => [zone, zones.signed(zone, signings[zone])]),
  ]
  const listen = [`${address}@53`, ...(authority.plainOn853 === true ? [`${address}@853`] : [])]
  const config = [
    ...['server:', `    rundir: ${folder}`, `    listen: [ ${listen.join(', ')} ]`],
    ...['    udp-workers: 1', '    tcp-workers: 1', '    background-workers: 1'],
    ...['database:', `    storage: ${folder}`],
    ...['log:', '  - target: stdout', '    any: info'],
    ...['template:', '  - id: default', '    zonefile-sync: -1', '    journal-content: none'],
    'zone:',
    ...files
      .filter(([zone]) => !without.includes(zone))
      .flatMap(([zone, file]) => [`  - domain: ${zone}`, `    file: ${file}`]),
  ]
  const file = join(folder, 'knot.conf')
  writeFileSync(file, `${config.join('\n')}\n`)
  const program = world.path.run(world.path.b, 'knotd', ['-c', file])
  await program.saw(/server started/)
  return program
}

interface Resolver {
  /** Default AT.resolver. */
  readonly addresses?: readonly string[]
  /** Whom it asks; default AT.auth. */
  readonly upstream?: string
  /** Shift of its clock (`+60d`). */
  readonly clock?: string
  /** Offers DNS over TLS with this certificate. */
  readonly tls?: CertificateKind
  readonly validates?: boolean
  /** Further lines of the section `server:`. */
  readonly lines?: readonly string[]
}

const KUBERNETES = [
  '  local-zone: "cluster.local." static',
  '  local-data: "kubernetes.default.svc.cluster.local. A 10.96.0.1"',
  '  local-data: "kubernetes.default.svc.cluster.local. AAAA fd00::1"',
]

/** unbound that validates the signed zones by the keys of the lab. */
export async function startUnbound(world: World, resolver: Resolver = {}): Promise<Program> {
  const { addresses = [AT.resolver], upstream = AT.auth, tls, lines = [] } = resolver
  const { zones, certificates } = world.material
  const folder = folderOf(world, `unbound-${addresses[0]}`)
  const certificate = tls && certificates.of(tls)
  const config = [
    ...['server:', `  directory: "${folder}"`, `  pidfile: "${folder}/unbound.pid"`],
    ...['  chroot: ""', '  username: ""', '  use-syslog: no', '  do-daemonize: no'],
    ...['  verbosity: 1', '  do-ip6: no', '  access-control: 10.99.0.0/24 allow'],
    ...['  edns-buffer-size: 1232', '  qname-minimisation: no', '  ede: yes'],
    // more than are ever open: a full table closes connections
    '  incoming-num-tcp: 200',
    ...[`  module-config: "${resolver.validates === false ? '' : 'validator '}iterator"`],
    ...zones.anchors.map((anchor) => `  trust-anchor-file: "${anchor}"`),
    ...addresses.map((address) => `  interface: ${address}@53`),
    ...(certificate === undefined
      ? []
      : [
          ...addresses.map((address) => `  interface: ${address}@853`),
          ...['  tls-port: 853', `  tls-service-key: "${certificate.key}"`],
          `  tls-service-pem: "${certificate.certificate}"`,
        ]),
    ...[...KUBERNETES, ...lines],
    ...['remote-control:', '  control-enable: no'],
    ...['.', PLAIN_ZONE, ...SIGNED_ZONES].flatMap((zone) => [
      ...['stub-zone:', `  name: "${zone}"`, `  stub-addr: ${upstream}`],
    ]),
  ]
  const file = join(folder, 'unbound.conf')
  writeFileSync(file, `${config.join('\n')}\n`)
  const program = run(world, resolver.clock, 'unbound', ['-d', '-c', file])
  await program.saw(/start of service/)
  return program
}

/** dnsmasq on one address; `lines` of its configuration. */
export async function startDnsmasq(
  world: World,
  address: string,
  lines: readonly string[],
): Promise<Program> {
  const folder = folderOf(world, `dnsmasq-${address}`)
  const own = ['no-resolv', 'no-hosts', 'bind-interfaces', `listen-address=${address}`]
  const rest = ['user=root', `pid-file=${folder}/dnsmasq.pid`, 'log-facility=-']
  const file = join(folder, 'dnsmasq.conf')
  writeFileSync(file, `${[...own, ...rest, ...lines].join('\n')}\n`)
  const program = world.path.run(world.path.b, 'dnsmasq', ['-k', '-C', file])
  await program.saw(/started, version/)
  return program
}

/** A liar before an honest server. */
export async function startLiar(
  world: World,
  lie: LieName,
  address: string = AT.liar,
  upstream: string = AT.resolver,
): Promise<void> {
  const { path, material } = world
  const args = [material.script('liar'), lie, address, upstream]
  await path.run(path.b, process.execPath, args).saw(/listens/)
}

export interface Pages {
  readonly ready?: number
  readonly panics?: number
}

/** What CoreDNS tells of itself over HTTP. */
export async function startPages(world: World, address: string, pages: Pages): Promise<void> {
  const { path, material } = world
  const { ready = 200, panics = 0 } = pages
  const args = [material.script('pages'), address, String(ready), String(panics)]
  await path.run(path.b, process.execPath, args).saw(/pages listen/)
}
