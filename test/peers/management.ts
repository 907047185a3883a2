/**
 * A child for peers tests: one GET of each data set through our socket and our codec, between two
 * runs of a pmc that asks the same; one line of JSON.
 *
 *   management.ts SOCKET DATA_SET,... PMC...
 *
 * `before` and `after` are pmc's texts, `values` our answers by name, `errors` the refusals. What is not
 * answered within two seconds is in neither.
 */
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeManagement, encodeGet, errorName } from '../../agent/sources/management.ts'
import { DATA_SETS, type DataSetName, idName } from '../../agent/sources/management-data.ts'
import { isFailed } from '../../native/sockets.ts'
import { UnixSocket } from '../../native/unix-socket.ts'

const [path = '', list = '', command = '', ...words] = process.argv.slice(2)
const names = list.split(',').filter((name): name is DataSetName => Object.hasOwn(DATA_SETS, name))
const opened = UnixSocket.connect(path, 'beside')
if (!opened.ok) throw new Error(JSON.stringify(opened.fault))
const { socket } = opened
const requester = { domain: 0, source: { clock: '010203.0405.060708', port: 9 } }

const values: Record<string, unknown> = {}
const errors: Record<string, string> = {}

function receive(): boolean {
  const received = socket.receive()
  if (received === undefined || isFailed(received)) return false
  const message = decodeManagement(received.data)
  if (!message.ok) throw new Error(`${message.fault} at ${message.at}`)
  const { body } = message.value
  if (body.kind === 'data') values[body.set.name] = body.set.value
  if (body.kind === 'error') errors[idName(body.id)] = errorName(body.errorId)
  return true
}

const pmc = (): string => execFileSync(command, words, { encoding: 'utf8' })
const count = (): number => Object.keys(values).length + Object.keys(errors).length

const before = pmc()
names.forEach((name, k) => {
  socket.send(encodeGet(requester, k, name))
})
for (let wait = 0; wait < 1000 && count() < names.length; wait++) if (!receive()) await sleep(2)
const after = pmc()
socket.close()
console.log(
  JSON.stringify({ before, values, errors, after }, (_, value) =>
    typeof value === 'bigint' ? `${value}` : value,
  ),
)
