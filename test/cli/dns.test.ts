/** `timewarden dns` and `dns explain`: rendered, and against a real server on a real socket. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { dnsLevel, explainDns, showDns } from '../../agent/cli/dns.ts'
import { renderDns, renderLookup } from '../../agent/cli/render-dns.ts'
import { Terminal } from '../../agent/cli/terminal.ts'
import { planLookup } from '../../agent/dns/lookup.ts'
import { reportOf } from '../../agent/dns/report.ts'
import type { Snapshot } from '../../agent/observe/snapshot.ts'
import { toStatus } from '../../agent/observe/status-json.ts'
import { listen } from '../../agent/runtime/http.ts'
import { createHandler } from '../../agent/serve/http.ts'
import { check, facts, forward, resolvConf, silent, target, times } from '../dns/facts-fixture.ts'
import { snapshot } from '../observe/fixture.ts'

const broken = facts({
  targets: [
    target('10.96.0.10', ['cluster']),
    silent('10.99.1.100', ['upstream']),
    target('10.99.1.101', ['upstream'], [check('aaaa', times(3, 'timeout'))]),
  ],
  forwards: [forward(['10.99.1.100', '10.99.1.101'])],
})
const shown = (known = broken): Snapshot => ({
  ...snapshot,
  dns: { ...snapshot.dns, report: reportOf(known) },
})

function screens() {
  const text = { out: '', err: '' }
  const terminal = (name: 'out' | 'err') =>
    new Terminal(
      {
        write: (more: string) => {
          text[name] += more
        },
      },
      true,
    )
  return { text, to: { out: terminal('out'), err: terminal('err') } }
}

const folder = mkdtempSync(join(tmpdir(), 'tw-'))
t.teardown(() => rmSync(folder, { recursive: true }))

async function serve(t: { teardown(run: () => unknown): void }, known?: typeof broken) {
  const handler = createHandler({
    snapshot: () => shown(known),
    process: () => undefined,
    heartbeatAge: () => 0,
  })
  const tcp = await listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, handler, () => undefined)
  if (!tcp.ok) throw new Error('not served')
  t.teardown(() => tcp.endpoint.close())
  return { socket: '', address: tcp.endpoint.address }
}

t.test('the matrix, then each diagnosis with its next step', async (t) => {
  const lines = renderDns(toStatus(shown()).dns)
  t.match(lines[0], /^ {2}server +role +UDP +p50 +TCP +p50 +DoT +p50$/)
  t.match(lines[1], /^ {2}10\.96\.0\.10 +cluster +ok +1\.00 ms +ok +1\.00 ms +- +-$/)
  t.match(lines[2], /^ {2}10\.99\.1\.100 +upstream +silent/)
  const text = lines.join('\n')
  t.match(text, / {2}silent {3}nothing comes back\n/)
  t.notMatch(text, 'TLS fails', 'only marks that are shown')
  t.match(
    text,
    / {2}warning {3}10\.99\.1\.100 \(first upstream of pichuang\.internal, sequential\) is/,
  )
  t.match(text, /explains: server-silent 10\.99\.1\.100\n +-> bring it back .* \[upstream-dead\]\n/)
  t.ok(lines.every((line) => !line.includes('undefined')))
})

t.test('nothing wrong, and nothing measured', async (t) => {
  t.match(renderDns(toStatus(shown(facts())).dns).at(-1), 'nothing is wrong')
  const none = toStatus(snapshot).dns
  t.same(renderDns(none), ['  no name server was measured'])
  t.equal(dnsLevel(none), 'unknown')
  t.equal(dnsLevel(toStatus(shown(facts())).dns), 'ok')
})

t.test('exit codes are those of status', async (t) => {
  const options = { ...(await serve(t)), json: false, once: false, config: undefined }
  const { to, text } = screens()
  t.equal(await showDns(options, to), 1)
  t.match(text.out, /upstream-dead/)
  const healthy = { ...(await serve(t, facts())), json: true, once: false, config: undefined }
  const second = screens()
  t.equal(await showDns(healthy, second.to), 0)
  t.match(JSON.parse(second.text.out), { diagnoses: [], matrix: [{ udp: { mark: 'ok' } }] })
  t.equal(
    await showDns(
      { socket: join(folder, 'no'), address: '', json: false, once: false, config: undefined },
      screens().to,
    ),
    3,
  )
})

t.test('measured here: with a configuration that is wrong, nothing is', async (t) => {
  const file = join(folder, 'wrong.yaml')
  const options = { socket: '', address: '', json: false, once: true, config: file }
  const missing = screens()
  t.equal(await showDns(options, missing.to), 66)
  writeFileSync(file, 'dns: {timeout: 5 parsecs}\n')
  const wrong = screens()
  t.equal(await showDns(options, wrong.to), 78)
  t.match(wrong.text.err, /wrong.yaml:1:/)
})

t.test('measured here: nobody answers at 127.0.0.9, and that is told', async (t) => {
  const file = join(folder, 'once.yaml')
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.9\n')
  writeFileSync(file, `dns: {resolvConf: ${join(folder, 'resolv.conf')}, timeout: 100ms}\n`)
  const options = { socket: '', address: '', json: true, once: true, config: file }
  const { to, text } = screens()
  t.equal(await showDns(options, to), 2)
  t.match(JSON.parse(text.out), {
    matrix: [{ target: '127.0.0.9', udp: { mark: 'refused' }, tcp: { mark: 'refused' } }],
    diagnoses: [{ code: 'all-nameservers-dead' }],
  })
})

t.test('what a lookup costs on this node', async (t) => {
  const path = join(folder, 'resolv.conf')
  const write = (nameservers: string[]) =>
    writeFileSync(
      path,
      `search a.test\n${nameservers.map((each) => `nameserver ${each}\n`).join('')}`,
    )
  const options = { ...(await serve(t)), json: false, name: 'www.example', resolvConf: path }
  write(['10.99.1.100', '10.96.0.10'])
  const { to, text } = screens()
  t.equal(await explainDns(options, to), 1)
  t.match(
    text.out,
    /^a lookup of www\.example tries up to 2 names: 8 queries at most, pauses of 10\.0 s\n/,
  )
  t.match(text.out, / 1 {2}www\.example +10\.96\.0\.10 +5\.00 s\n +2 {2}www\.example\.a\.test/)
  t.match(text.out, /10\.99\.1\.100 {2}silent: costs its time-out\n {2}10\.96\.0\.10 {2}answers\n/)
  write(['10.96.0.10'])
  const second = screens()
  t.equal(await explainDns({ ...options, json: true }, second.to), 0)
  t.match(JSON.parse(second.text.out), { name: 'www.example', queries: 4, wait: 0 })
  write(['10.99.1.100'])
  t.equal(await explainDns(options, screens().to), 2)
  const third = screens()
  t.equal(await explainDns({ ...options, resolvConf: join(folder, 'none') }, third.to), 3)
  t.match(third.text.err, /none: ENOENT/)
})

t.test('a nameserver that nobody measured is taken to answer', async (t) => {
  const lookup = planLookup(resolvConf({ search: [] }), 'a.', () => 'unknown')
  const lines = renderLookup('a.', lookup)
  t.equal(lines[0], 'a lookup of a. tries 1 name: 2 queries at most, no pause')
  t.match(lines.at(-1), 'not measured: taken to answer')
  const none = planLookup(resolvConf({ nameservers: [] }), 'a', () => 'unknown')
  t.match(renderLookup('a', none).at(-1), 'no nameserver')
})
