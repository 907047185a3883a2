import { X509Certificate } from 'node:crypto'
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import t from 'tap'
import type { Action, Event } from '../../agent/core/machine.ts'
import type { TlsOptions } from '../../agent/core/tls.ts'
import { readTrust, validityOf } from '../../agent/runtime/certificates.ts'
import { type Certificate, type CertificateOptions, makeCertificate } from './certificate-maker.ts'
import { Script } from './script.ts'

t.setTimeout(20_000)

const HOST = '127.0.0.1'
const NAME = 'dns.example'
const [LONG_AGO, YESTERDAY] = [new Date('2019-12-31T00:00:00Z'), new Date('2020-02-03T04:05:06Z')]
const [TOMORROW, FAR] = [new Date('2048-01-02T03:04:05Z'), new Date('2049-01-01T00:00:00Z')]
const VALID = { from: YESTERDAY, until: FAR }

const authority = makeCertificate({ name: 'root', authority: true, ...VALID })
const good: CertificateOptions = {
  name: 'server',
  issuer: authority,
  holds: [NAME, HOST],
  ...VALID,
}

type Tap = Pick<typeof t, 'teardown'>

async function listen(t: Tap, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => sockets.add(socket))
  server.on('tlsClientError', () => undefined)
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await new Promise<void>((done) => server.listen(0, HOST, done))
  return (server.address() as AddressInfo).port
}

/** A server that shows `leaf`, with the certificates of its `issuers` behind it. */
function serve(
  t: Tap,
  leaf: Certificate,
  issuers: readonly Certificate[] = [],
  attend: (socket: TLSSocket) => void = () => undefined,
): Promise<number> {
  const cert = [leaf, ...issuers].map(({ pem }) => pem).join('')
  const server = createServer({ cert, key: leaf.keyPem }, (socket) => {
    socket.on('error', () => undefined)
    attend(socket)
  })
  return listen(t, server)
}

const openTls = (port: number, tls?: TlsOptions, address = HOST): Action => ({
  ...{ do: 'open', channel: 'a', transport: 'tls', address, port, stamps: true },
  ...(tls === undefined ? {} : { tls }),
})
const send = (text: string): Action => ({
  ...{ do: 'send', channel: 'a', token: 1 },
  data: Buffer.from(text),
})

/** Opens, and does `reply` on what comes. */
function run(t: Tap, open: Action, reply: (event: Event) => readonly Action[] = () => []): Script {
  const script = new Script(t, (event) => (event.on === 'start' ? [open] : reply(event)))
  script.runner.start()
  return script
}

async function reportOf(t: Tap, port: number, tls?: TlsOptions) {
  const [opened] = await run(t, openTls(port, tls)).heard('opened')
  if (opened?.tls === undefined) throw new Error('no report')
  return opened.tls
}

const trusted = { serverName: NAME, ca: authority.pem }

t.test('a good certificate, and how long each handshake took', async (t) => {
  const script = run(t, openTls(await serve(t, makeCertificate(good)), trusted))
  const [opened] = await script.heard('opened')
  t.match(opened, { channel: 'a', stamps: 'daemon', tls: { fault: undefined } })
  t.same(opened?.tls?.certificate, {
    from: YESTERDAY.getTime() / 1000,
    until: FAR.getTime() / 1000,
    by: 'CN=server',
  })
  t.ok(opened!.tls!.connectSeconds > 0)
  t.ok(opened!.tls!.tlsSeconds > 0)
  t.ok(opened!.tls!.tlsSeconds < 10)
})

t.test('bytes go there and back; the end of the server is told', async (t) => {
  const port = await serve(t, makeCertificate(good), [], (socket) => {
    socket.on('data', (data) => socket.end(`you said ${data}`))
  })
  const script = run(t, openTls(port, trusted), ({ on }) =>
    on === 'opened' ? [send('hello')] : [],
  )
  await script.heard('closed')
  t.same(script.names(), ['start', 'connected', 'opened', 'received', 'closed'])
  const [received] = await script.heard('received')
  t.equal(Buffer.from(received!.data).toString(), 'you said hello')
  t.equal(received!.stamp.kind, 'daemon')
})

for (const [fault, what, options] of [
  ['expired', 'its last day is over', { from: LONG_AGO, until: YESTERDAY }],
  ['not-yet-valid', 'its first day is to come', { from: TOMORROW, until: FAR }],
  ['name', 'it is of somebody else', { holds: ['other.example', '10.0.0.1'] }],
] as const) {
  t.test(`${fault}: ${what}, and the channel opens nevertheless`, async (t) => {
    const leaf = makeCertificate({ ...good, ...options })
    const report = await reportOf(t, await serve(t, leaf), trusted)
    t.equal(report.fault, fault)
    t.same(report.certificate, validityOf(new X509Certificate(leaf.pem)))
  })
}

t.test('untrusted comes before dates: nobody vouches for them', async (t) => {
  const other = makeCertificate({ name: 'other root', authority: true, ...VALID })
  const namesake = makeCertificate({ name: 'root', authority: true, ...VALID })
  const old = { from: LONG_AGO, until: YESTERDAY }
  for (const issuer of [other, namesake]) {
    for (const dates of [VALID, old, { from: TOMORROW, until: FAR }]) {
      const port = await serve(t, makeCertificate({ ...good, issuer, ...dates }))
      t.equal((await reportOf(t, port, trusted)).fault, 'untrusted')
      const chain = await serve(t, makeCertificate({ ...good, issuer, ...dates }), [issuer])
      t.equal((await reportOf(t, chain, trusted)).fault, 'untrusted', 'with its issuer sent along')
    }
  }
  const own = makeCertificate({ name: NAME, holds: [NAME], ...old })
  const port = await serve(t, own)
  t.equal((await reportOf(t, port, trusted)).fault, 'untrusted', 'vouches for itself')
  t.equal((await reportOf(t, port, { serverName: NAME })).fault, 'untrusted', 'to Node, too')
  t.equal((await reportOf(t, port, { ...trusted, ca: own.pem })).fault, 'expired', 'by its owner')
})

t.test('dates come before the name, and those of an issuer count', async (t) => {
  const old = { from: LONG_AGO, until: YESTERDAY }
  const wrong = makeCertificate({ ...good, ...old, holds: ['other.example'] })
  t.equal((await reportOf(t, await serve(t, wrong), trusted)).fault, 'expired')
  for (const [dates, fault] of [
    [VALID, undefined],
    [old, 'expired'],
    [{ from: TOMORROW, until: FAR }, 'not-yet-valid'],
  ] as const) {
    const between = makeCertificate({
      ...{ name: 'between', issuer: authority, authority: true },
      ...dates,
    })
    const port = await serve(t, makeCertificate({ ...good, issuer: between }), [between])
    const report = await reportOf(t, port, trusted)
    t.equal(report.fault, fault, `issuer is ${fault ?? 'good'}`)
    t.equal(report.certificate.by, 'CN=server')
    const elsewhere = await reportOf(t, port, { ...trusted, serverName: 'x.example' })
    t.equal(elsewhere.fault, fault ?? 'name')
  }
})

t.test('an issuer that may not issue makes a chain untrusted', async (t) => {
  const dates = { from: LONG_AGO, until: YESTERDAY }
  const between = makeCertificate({ ...good, name: 'no authority', ...dates })
  const port = await serve(t, makeCertificate({ ...good, issuer: between, ...dates }), [between])
  t.equal((await reportOf(t, port, trusted)).fault, 'untrusted')
})

t.test('without a name the address is looked for', async (t) => {
  const { ca } = trusted
  const port = await serve(t, makeCertificate(good))
  t.equal((await reportOf(t, port, { ca })).fault, undefined)
  t.equal((await reportOf(t, port, { ca, serverName: HOST })).fault, undefined, 'named as a name')
  const without = await serve(t, makeCertificate({ ...good, holds: [NAME] }))
  t.equal((await reportOf(t, without, { ca })).fault, 'name')
})

t.test('the name is sent to the server', async (t) => {
  const names: unknown[] = []
  const port = await serve(t, makeCertificate(good), [], (socket) => {
    // not among its types
    names.push((socket as unknown as { servername: unknown }).servername)
    socket.end()
  })
  for (const serverName of [NAME, HOST]) {
    await run(t, openTls(port, { ...trusted, serverName })).heard('closed')
  }
  t.same(names, [NAME, false], 'an address is none')
})

t.test('a server that speaks no TLS is a failed handshake', async (t) => {
  const port = await listen(
    t,
    createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => socket.write('\0\x0cno TLS here!'))
    }),
  )
  const script = run(t, openTls(port, trusted))
  const [failed] = await script.heard('failed')
  t.match(failed, { what: 'open', key: 'a', fault: { code: 'HANDSHAKE', syscall: 'SSL_connect' } })
  t.match(failed?.fault.errno, /^ERR_SSL_/)
  t.same(script.names(), ['start', 'connected', 'failed'], 'and that is the end')
})

t.test('a server that hangs up, and one that speaks old TLS only', async (t) => {
  const port = await listen(
    t,
    createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => socket.destroy())
    }),
  )
  const [cut] = await run(t, openTls(port, trusted)).heard('failed')
  t.match(cut, { what: 'open', fault: { code: 'HANDSHAKE', errno: 'ECONNRESET' } })
  const { pem, keyPem } = makeCertificate(good)
  const versions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const
  const weak = { cert: pem, key: keyPem, ciphers: 'ALL:@SECLEVEL=0', ...versions }
  const [old] = await run(t, openTls(await listen(t, createServer(weak)), trusted)).heard('failed')
  t.match(old, { what: 'open', fault: { code: 'HANDSHAKE' } })
})

t.test('a session that is cut without a word is told of', async (t) => {
  for (const [cut, expected] of [
    ['destroy', ['start', 'connected', 'opened', 'closed']],
    ['resetAndDestroy', ['start', 'connected', 'opened', 'failed', 'closed']],
  ] as const) {
    let inFront: Socket | undefined
    const behind = await serve(t, makeCertificate(good), [], (socket) => {
      socket.on('data', () => inFront?.[cut]())
    })
    const proxy = createTcpServer((socket) => {
      inFront = socket.on('error', () => undefined)
      const onward = connect(behind, HOST).on('error', () => undefined)
      socket.pipe(onward).pipe(socket)
    })
    const port = await listen(t, proxy)
    const script = run(t, openTls(port, trusted), ({ on }) => (on === 'opened' ? [send('x')] : []))
    await script.heard('closed')
    t.same(script.names(), expected)
    const [failed] = script.events.filter(({ on }) => on === 'failed')
    t.match(failed, failed && { what: 'send', key: 'a', fault: { errno: 'ECONNRESET' } })
  }
})

t.test('nobody listens, no address, no certificates to trust', async (t) => {
  const [refused] = await run(t, openTls(9, trusted)).heard('failed')
  t.match(refused, { what: 'open', fault: { code: 'REFUSED', errno: 'ECONNREFUSED' } })
  const [named] = await run(t, openTls(853, trusted, NAME)).heard('failed')
  t.match(named, { what: 'open', fault: { code: 'INVALID', syscall: 'connect' } })
  const broken = authority.pem.replace(/\n[^-]{20}/, '\nAAAAAAAAAAAAAAAAAAAA')
  for (const ca of ['', 'no PEM', broken]) {
    const [failed] = await run(t, openTls(853, { ca })).heard('failed')
    t.match(failed, { what: 'open', fault: { code: 'INVALID', syscall: 'SSL_load_verify' } })
  }
})

t.test('a channel that is not open yet sends nothing, and a closed one is silent', async (t) => {
  const port = await serve(t, makeCertificate(good), [], (socket) => socket.write('late'))
  const script = new Script(t, (event) => {
    if (event.on === 'start') return [openTls(port, trusted), send('early')]
    return event.on === 'opened' ? [{ do: 'close', channel: 'a' }, send('after')] : []
  })
  script.runner.start()
  await script.heard('failed', 2)
  await new Promise((done) => setImmediate(done))
  t.same(script.names(), ['start', 'failed', 'connected', 'opened', 'failed'])
  t.match(script.events[1], { what: 'send', fault: { code: 'REFUSED', errno: 'ENOTCONN' } })
})

t.test('what Node ships with is trusted where nothing is named', async (t) => {
  t.ok((readTrust(undefined)?.() ?? []).length > 50)
})
