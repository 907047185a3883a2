/** What poller.test.ts needs a process of its own for. */
import { Poller } from '../../native/poller.ts'
import { UdpSocket } from '../../native/sockets.ts'

const role = process.argv[2]
const opened = Poller.open()
const connected = UdpSocket.connect('127.0.0.1', 9, true)
if (!opened.ok || !connected.ok) throw new Error('no poller or no socket')
const { poller } = opened
const { socket } = connected
const wait = (drain: () => boolean): void => {
  poller.add(socket.fd, drain, () => process.exit(3))
}

process.stdout.write('ready\n')
switch (role) {
  case 'exit':
    wait(() => true)
    setTimeout(() => process.exit(7), 20)
    break
  case 'wait':
    wait(() => true)
    break
  case 'throw':
    process.on('uncaughtException', (error) => {
      process.stdout.write(`uncaught: ${error.message}\n`, () => process.exit(1))
    })
    wait(() => {
      socket.receiveStamp()
      socket.receive()
      throw new Error('boom')
    })
    socket.send(Uint8Array.of(1))
    break
  case 'idle': {
    wait(() => true)
    const before = process.cpuUsage()
    setTimeout(() => {
      const { user, system } = process.cpuUsage(before)
      process.stdout.write(`cpu ${user + system}\n`, () => process.exit(0))
    }, 1000)
    break
  }
  default:
}
