/**
 * A child for peers tests: one GET of each data set through our socket and our codec, printed as JSON
 * by name. A data set that is not answered within two seconds is left out.
 *
 *   management.ts SOCKET DATA_SET...
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeManagement, encodeGet } from '../../agent/sources/management.ts'
import { DATA_SETS, type DataSetName } from '../../agent/sources/management-data.ts'
import { isFailed } from '../../native/sockets.ts'
import { UnixSocket } from '../../native/unix-socket.ts'

const [path = '', ...names] = process.argv.slice(2)
const opened = UnixSocket.connect(path, 'beside')
if (!opened.ok) throw new Error(JSON.stringify(opened.fault))
const { socket } = opened
const requester = { domain: 0, source: { clock: '010203.0405.060708', port: 9 } }
const isName = (name: string): name is DataSetName => Object.hasOwn(DATA_SETS, name)

const answers: Record<string, unknown> = {}

function receive(): void {
  const received = socket.receive()
  if (received === undefined || isFailed(received)) return
  const message = decodeManagement(received.data)
  if (!message.ok) throw new Error(`${message.fault} at ${message.at}`)
  const { body } = message.value
  if (body.kind === 'data') answers[body.set.name] = body.set.value
}

names.filter(isName).forEach((name, k) => {
  socket.send(encodeGet(requester, k, name))
})
for (let wait = 0; wait < 200 && Object.keys(answers).length < names.length; wait++) {
  receive()
  await sleep(10)
}
socket.close()
console.log(JSON.stringify(answers, (_, value) => (typeof value === 'bigint' ? `${value}` : value)))
