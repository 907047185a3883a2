/**
 * Real daemons with configurations that cannot move a clock: ptp4l always with `free_running 1`,
 * chronyd always with `-x`, ntpd always without CAP_SYS_TIME. Each writes only
 * into the scratch folder of its path.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { find, type Path, type Program } from './harness.ts'

/** chronyd in the foreground; `lines` of chrony.conf. */
export function startChronyd(
  path: Path,
  namespace: string,
  name: string,
  lines: readonly string[],
): Program {
  const file = join(path.folder, `${name}.conf`)
  const own = [`pidfile ${path.folder}/${name}.pid`, `bindcmdaddress ${path.folder}/${name}.sock`]
  writeFileSync(file, `${[...lines, ...own].join('\n')}\n`)
  return path.run(namespace, 'chronyd', ['-x', '-d', '-u', 'root', '-f', file])
}

/** unbound in the foreground, answering from memory alone; `lines` of its server section. */
export function startUnbound(
  path: Path,
  namespace: string,
  name: string,
  lines: readonly string[],
): Program {
  const config = [
    'server:',
    `directory: "${path.folder}"`,
    `pidfile: "${path.folder}/${name}.pid"`,
    'chroot: ""',
    'username: ""',
    'use-syslog: no',
    'do-daemonize: no',
    'verbosity: 1',
    ...lines,
    'remote-control:',
    'control-enable: no',
  ]
  const file = join(path.folder, `${name}.conf`)
  writeFileSync(file, `${config.join('\n')}\n`)
  return path.run(namespace, 'unbound', ['-d', '-c', file])
}

/**
 * knotd in the foreground on these `address@port`; one zone of these records. One thread answers: among
 * several the client's port would choose, and a fresh one each time meets a thread that sleeps.
 */
export function startKnotd(
  path: Path,
  namespace: string,
  listen: readonly string[],
  { zone, records }: { readonly zone: string; readonly records: readonly string[] },
): Program {
  const soa = '@ 300 SOA ns host 1 3600 600 86400 60'
  writeFileSync(join(path.folder, 'knot.zone'), `${[soa, '@ 300 NS ns', ...records].join('\n')}\n`)
  const config = [
    ...['server:', `  rundir: "${path.folder}"`, `  listen: [${listen.join(', ')}]`],
    '  udp-workers: 1',
    ...['database:', `  storage: "${path.folder}"`],
    ...['log:', '  - target: stdout', '    any: info'],
    ...['zone:', `  - domain: ${zone}`, `    file: "${path.folder}/knot.zone"`],
  ]
  const file = join(path.folder, 'knot.conf')
  writeFileSync(file, `${config.join('\n')}\n`)
  return path.run(namespace, 'knotd', ['-c', file])
}

/**
 * ntpd of NTPsec in the foreground, synchronised to itself; `lines` of ntp.conf. `disable ntp` keeps
 * it from steering, and the kernel would refuse: CAP_SYS_TIME is gone for good before it starts.
 * Resolves when its log shows that its attempt to touch the clock was refused.
 */
export async function startNtpsec(
  path: Path,
  namespace: string,
  name: string,
  lines: readonly string[],
): Promise<Program> {
  const file = join(path.folder, `${name}.conf`)
  const own = [
    'disable ntp',
    'tos orphan 3 orphanwait 1',
    'limit average 1000 burst 1000', // all requests come from one address
    `driftfile ${path.folder}/${name}.drift`,
  ]
  writeFileSync(file, `${[...own, ...lines].join('\n')}\n`)
  const unable = ['--bounding-set=-sys_time', '--inh-caps=-sys_time', '--no-new-privs', '--']
  const program = path.run(namespace, 'setpriv', [
    ...unable,
    find('ntpd') ?? 'ntpd',
    '-n',
    '-c',
    file,
  ])
  await program.saw(/ntp_adjtime: Operation not permitted/)
  return program
}

export interface Ptp4lSetting {
  readonly namespace: string
  readonly interface: string
  readonly role: 'server' | 'client'
  readonly domain?: number
  /** Further lines of its configuration; they may begin sections. */
  readonly lines?: readonly string[]
  /** Default: the ptp4l that is installed. */
  readonly linuxptp?: Linuxptp
}

/** How the programs of one release are called. */
export interface Linuxptp {
  readonly ptp4l: readonly [string, ...string[]]
  readonly pmc: readonly [string, ...string[]]
}

export const INSTALLED: Linuxptp = { ptp4l: ['ptp4l'], pmc: ['pmc'] }

/**
 * linuxptp out of the tree of another Debian release (debootstrap), run by the C library and the
 * loader of that tree, but in this file system.
 */
export function linuxptpOf(tree: string): Linuxptp {
  const { arch } = process
  const triple = arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  const loader = arch === 'arm64' ? 'lib/ld-linux-aarch64.so.1' : 'lib64/ld-linux-x86-64.so.2'
  const run = (program: string): [string, ...string[]] => [
    join(tree, loader),
    ...['--library-path', join(tree, 'usr/lib', triple), join(tree, 'usr/sbin', program)],
  ]
  return { ptp4l: run('ptp4l'), pmc: run('pmc') }
}

export interface Ptp4l {
  readonly socket: string
  /** Starts it; again after it was stopped. */
  start(): Program
}

/** One ptp4l with software stamping, a Sync each 250 ms; it measures, and steers nothing. */
export function configurePtp4l(path: Path, setting: Ptp4lSetting): Ptp4l {
  const { role, namespace, domain = 0, lines = [], linuxptp = INSTALLED } = setting
  const [program, ...words] = linuxptp.ptp4l
  const socket = join(path.folder, `ptp4l-${role}`)
  const file = join(path.folder, `ptp4l-${role}.conf`)
  const config = [
    '[global]',
    'free_running 1',
    'time_stamping software',
    `domainNumber ${domain}`,
    role === 'client' ? 'slaveOnly 1' : 'masterOnly 1',
    'logSyncInterval -2',
    'logAnnounceInterval 0',
    'logMinDelayReqInterval -1',
    'announceReceiptTimeout 3',
    'tx_timestamp_timeout 100',
    `uds_address ${socket}`,
    ...lines,
  ]
  writeFileSync(file, `${config.join('\n')}\n`)
  return {
    socket,
    start: () =>
      path.run(namespace, program, [...words, '-m', '-f', file, '-i', setting.interface]),
  }
}
