/** What all set-ups share, made once: zones, certificates, the liar and the agent as single programs. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { type Certificates, makeCertificates } from './certificates.ts'
import { makeZones, type Zones } from './zones.ts'

/** What must be installed; faketime for its library. */
export const PROGRAMS = [
  ...['ip', 'nft', 'knotd', 'unbound', 'dnsmasq', 'dig', 'openssl', 'faketime'],
  ...['dnssec-keygen', 'dnssec-signzone'],
] as const

const ROOT = join(import.meta.dirname, '../../..')

/** Programs of our own, bundled: they start ten times as fast as by the loader of the tests. */
const SCRIPTS = ['liar', 'pages'] as const
type Script = (typeof SCRIPTS)[number]

export interface Material {
  readonly zones: Zones
  readonly certificates: Certificates
  readonly script: (name: Script) => string
  /** The product as it is shipped. */
  readonly agent: string
  readonly remove: () => void
}

/** `builds`: also the product; whoever does not run it leaves `dist` to those who do. */
export function makeMaterial(builds = true): Material {
  const folder = mkdtempSync(join(tmpdir(), 'timewarden-dns-'))
  buildSync({
    entryPoints: SCRIPTS.map((name) => join(import.meta.dirname, `${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20' },
  })
  if (builds) execFileSync(process.execPath, ['build.js'], { cwd: ROOT, stdio: 'pipe' })
  return {
    zones: makeZones(join(folder, 'zones')),
    certificates: makeCertificates(join(folder, 'certificates')),
    script: (name) => join(folder, `${name}.mjs`),
    agent: join(ROOT, 'dist/agent/main.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
