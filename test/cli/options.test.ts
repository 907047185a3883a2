import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DEFAULT_ADDRESS, DEFAULT_SOCKET } from '../../agent/cli/client.ts'
import { parseCommand } from '../../agent/cli/options.ts'
import { VERSION } from '../../agent/cli/version.ts'
import { emptyConfig } from '../../agent/config/defaults.ts'

const parse = (line: string) => parseCommand(line.split(' ').filter((word) => word !== ''))
const messageOf = (line: string) => {
  const command = parse(line)
  return command.name === 'wrong' ? command.message : command.name
}

t.test('the command line asks where the agent listens by default', async (t) => {
  const { socket, listen } = emptyConfig()
  t.same([DEFAULT_SOCKET, DEFAULT_ADDRESS], [socket, listen])
})

t.test('run takes a file, a state directory and its addresses', async (t) => {
  t.same(parse('run --config a.yaml --state-directory /s --listen 127.0.0.1:1 --socket /x'), {
    name: 'run',
    options: { config: 'a.yaml', stateDirectory: '/s', listen: '127.0.0.1:1', socket: '/x' },
  })
  t.same(parse('run'), {
    name: 'run',
    options: { config: undefined, stateDirectory: undefined, listen: undefined, socket: undefined },
  })
})

t.test('status asks the socket first, and only what was named', async (t) => {
  const where = (line: string) => {
    const command = parse(line)
    return command.name === 'status' ? [command.options.socket, command.options.address] : []
  }
  t.same(where('status'), [DEFAULT_SOCKET, DEFAULT_ADDRESS])
  t.same(where('status --socket /a'), ['/a', ''])
  t.same(where('status --address 1.2.3.4:5'), ['', '1.2.3.4:5'])
  t.same(where('status --address 1.2.3.4:5 --socket /a'), ['/a', '1.2.3.4:5'])
  t.match(parse('status --json --wait-sync 30'), { options: { json: true, waitSync: 30 } })
  t.match(parse('status'), { options: { json: false, waitSync: undefined } })
  t.match(parse('ptp --json --socket /a'), {
    name: 'ptp',
    options: { json: true, socket: '/a', address: '' },
  })
  t.match(parse('sources --socket /a'), { name: 'sources', options: { socket: '/a', address: '' } })
})

t.test('the demo has a speed, a seed and an end', async (t) => {
  t.same(parse('demo'), {
    name: 'demo',
    options: { speed: 1, seed: '1', seconds: undefined, listen: DEFAULT_ADDRESS },
  })
  t.match(parse('demo --speed 30 --seed x --seconds 120 --listen 127.0.0.1:0'), {
    options: { speed: 30, seed: 'x', seconds: 120, listen: '127.0.0.1:0' },
  })
  for (const speed of ['0', '1001']) t.match(messageOf(`demo --speed ${speed}`), '--speed: from')
})

t.test('dns is a screen or an explanation of one name', async (t) => {
  const where = { socket: DEFAULT_SOCKET, address: DEFAULT_ADDRESS }
  t.same(parse('dns'), { name: 'dns', options: { ...where, json: false, once: false } })
  t.match(parse('dns --json --once --socket /a'), {
    options: { socket: '/a', address: '', json: true, once: true },
  })
  t.same(parse('dns explain www.example.'), {
    name: 'dns-explain',
    options: { ...where, json: false, name: 'www.example.', resolvConf: '/etc/resolv.conf' },
  })
  t.match(parse('dns explain a --resolv-conf /r --json'), {
    options: { resolvConf: '/r', json: true },
  })
  for (const line of ['dns explain', 'dns explain --json', 'dns explain a..b']) {
    t.match(messageOf(line), 'a name is needed')
  }
  t.match(messageOf('dns what'), 'dns what: expected one of targets, explain')
  t.match(messageOf('dns explain a b'), /Unexpected argument/)
})

t.test('nics come as a table or as one of two documents', async (t) => {
  t.same(parse('nics'), { name: 'nics', options: { form: 'table', all: false } })
  t.same(parse('nics --json --all'), { name: 'nics', options: { form: 'json', all: true } })
  t.match(parse('nics --node-ptp-device'), { options: { form: 'node-ptp-device' } })
  t.match(messageOf('nics --json --node-ptp-device'), 'one of them')
})

t.test('dns has commands of its own', async (t) => {
  t.same(parse('dns targets --corefile a --operator b --resolv-conf c --config d --json'), {
    name: 'dns-targets',
    options: { config: 'd', corefile: 'a', operator: 'b', resolvConf: 'c', json: true },
  })
  t.match(parse('dns targets'), { options: { config: undefined, json: false } })
  const known = 'expected one of targets, explain'
  t.equal(messageOf('dns constructor'), `dns constructor: ${known}`)
})

t.test('what is not understood is said in a sentence', async (t) => {
  t.equal(messageOf('frob'), 'frob: no such command')
  t.equal(messageOf('constructor'), 'constructor: no such command')
  t.match(messageOf('run --confg x'), /Unknown option '--confg'/)
  t.match(messageOf('status now'), /Unexpected argument 'now'/)
  for (const value of ['x', '-1', 'Infinity']) {
    t.match(messageOf(`status --wait-sync=${value}`), `${value}: not a number of 0 or more`)
  }
})

t.test('render-ptp4l needs a file and a node; labels may come one by one', async (t) => {
  t.same(parse('render-ptp4l --ptp-config a.yaml --node n --label a=b=c,d --label e= --dir /x'), {
    name: 'render-ptp4l',
    options: {
      file: 'a.yaml',
      node: { name: 'n', labels: { a: 'b=c', d: '', e: '' } },
      directory: '/x',
      mode: 'follow',
      version: [3, 1, 1],
    },
  })
  const rest = 'render-ptp4l --ptp-config a --node n'
  t.match(parse(`${rest} --mode observe --ptp4l-version 4.2`), {
    options: { directory: '/var/run', mode: 'observe', version: [4, 2, 0], node: { labels: {} } },
  })
  t.match(messageOf('render-ptp4l --node n'), /--ptp-config and --node are needed/)
  t.match(messageOf(`${rest} --mode steer`), /one of follow, drive, observe/)
  t.match(messageOf(`${rest} --ptp4l-version x`), /not a version/)
})

t.test('help, version and check-config', async (t) => {
  for (const line of ['', 'help', '--help', '-h', 'run --help']) t.equal(parse(line).name, 'help')
  for (const line of ['version', '--version']) t.equal(parse(line).name, 'version')
  t.same(parse('check-config a.yaml'), { name: 'check-config', args: ['a.yaml'] })
})

t.test('the version is that of the package', async (t) => {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  t.equal(VERSION, JSON.parse(text).version)
})
