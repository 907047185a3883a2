/**
 * A DNS server that lies: `liar LIE ADDRESS UPSTREAM`, on port 53 over UDP and TCP. What the lie (lies.ts)
 * lets through is asked of the upstream, which is honest, over the same transport.
 */
import { createSocket } from 'node:dgram'
import { createServer, connect as tcpConnect } from 'node:net'
import { type Asked, LIES, type Lie, type LieName } from './lies.ts'

const PORT = 53
const [name = '', address = '', upstream = ''] = process.argv.slice(2)
const lie: Lie = LIES[name as LieName]()
/** Enough for any upstream that is there. */
const PATIENCE_MS = 10_000

function askUdp(query: Buffer, answered: (answer: Buffer) => void): void {
  const socket = createSocket('udp4')
  const close = setTimeout(() => socket.close(), PATIENCE_MS)
  socket.on('message', (answer) => {
    clearTimeout(close)
    socket.close()
    answered(answer)
  })
  socket.on('error', () => {})
  socket.send(query, PORT, upstream)
}

const framed = (message: Buffer): Buffer => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

/** Calls back with each whole message of a stream (RFC 1035 section 4.2.2). */
function unframe(each: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0)
      each(rest.subarray(2, end))
      rest = rest.subarray(end)
    }
  }
}

function askTcp(query: Buffer, answered: (answer: Buffer) => void): void {
  const socket = tcpConnect(PORT, upstream, () => socket.write(framed(query)))
  const read = unframe((answer) => {
    socket.end()
    answered(answer)
  })
  socket.on('data', (chunk: Buffer) => read(chunk))
  socket.on('error', () => {})
}

function serve(asked: Asked, reply: (answer: Buffer) => void): void {
  const ask = asked.transport === 'udp' ? askUdp : askTcp
  if (lie.over === 'udp' && asked.transport === 'tcp') {
    ask(asked.query, reply)
    return
  }
  const later = (answer: Buffer | undefined): void => {
    if (answer !== undefined) setTimeout(() => reply(answer), lie.delay ?? 0)
  }
  const verdict = lie.query === undefined ? 'pass' : lie.query(asked)
  if (verdict !== 'pass') {
    later(verdict)
    return
  }
  ask(asked.query, (answer) =>
    later(lie.answer === undefined ? answer : lie.answer(answer, asked.query)),
  )
}

const datagrams = createSocket('udp4')
datagrams.on('message', (query, { port, address: from }) =>
  serve({ query, transport: 'udp', port }, (answer) => datagrams.send(answer, port, from)),
)

const streams = createServer((socket) => {
  const port = socket.remotePort ?? 0
  const read = unframe((query) =>
    serve({ query, transport: 'tcp', port }, (answer) => {
      if (!socket.destroyed) socket.write(framed(answer))
    }),
  )
  socket.on('data', (chunk: Buffer) => read(chunk))
  socket.on('error', () => {})
})

datagrams.bind(PORT, address, () =>
  streams.listen(PORT, address, () => console.log(`${name} listens`)),
)
