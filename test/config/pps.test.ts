import t from 'tap'
import { describeConfig } from '../../agent/config/describe.ts'
import { formatFault } from '../../agent/config/faults.ts'
import { loadConfig } from '../../agent/config/load.ts'

const messagesOf = (text: string): string[] => {
  const loaded = loadConfig(text, 'f')
  const faults = loaded.ok ? [] : loaded.faults.map(formatFault)
  return faults.map((line) => line.replace(/^f:\d+:\d+: /, ''))
}
const source = (keys: string) => messagesOf(`sources: [{ pps: { ${keys} } }]`)

t.test('a device or a PHC, not both and not neither', async (t) => {
  t.same(source('device: /dev/pps0'), [])
  t.same(source('clock: "phc:eth0", channel: 1, pin: SDP0, edge: falling, delay: 120ns'), [])
  t.same(source(''), ['sources[0].pps: device (/dev/ppsN) or clock (phc:...) is missing'])
  t.same(source('device: /dev/pps0, clock: "phc:eth0"'), [
    'sources[0].pps.clock: device and clock are two sources: who stamps the pulses, kernel or PHC?',
  ])
  t.match(source('clock: system'), [/^sources\[0\]\.pps\.clock: expected phc:/])
  t.match(source('device: pps0'), [/expected an absolute path/])
})

t.test('keys that belong together', async (t) => {
  t.same(source('device: /dev/pps0, pin: 0, edge: both'), [
    'sources[0].pps.pin: pin is of a PHC; /dev/pps0 has none',
    'sources[0].pps.edge: the kernel tells the edges of a PPS device apart: rising or falling',
  ])
  t.same(source('clock: "phc:a", edge: both, width: 200ms'), [])
  t.same(source('clock: "phc:a", edge: both, width: 500ms'), [
    'sources[0].pps.width: pulses of 500ms: rising and falling edges are not to be told apart',
  ])
  t.match(source('clock: "phc:a", delay: 120'), [/sources\[0\]\.pps\.delay: .*120ns|120s/])
})

t.test('named twice', async (t) => {
  const two = (a: string, b: string) => messagesOf(`sources: [{ pps: {${a}} }, { pps: {${b}} }]`)
  t.match(two('device: /dev/pps0', 'device: /dev/pps0'), [/\/dev\/pps0 is named a second time/])
  t.same(two('clock: "phc:a"', 'clock: "phc:a", channel: 1'), [])
  t.match(two('clock: "phc:a"', 'clock: "phc:a"'), [/phc:a channel 0 is named a second time/])
})

t.test('pulses steer what they are led to', async (t) => {
  const drive = (clocks: string, sources: string) =>
    messagesOf(`clocks: { ${clocks} }\nsources: [${sources}]`)
  t.same(drive('system: { mode: drive }', '{ pps: { device: /dev/pps0 } }'), [])
  t.match(drive('system: { mode: drive }', '{ pps: { device: /dev/pps0, noselect: true } }'), [
    /nothing under sources can steer it/,
  ])
  const both = 'system: { mode: drive }, "phc:/dev/ptp0": { mode: drive }'
  t.same(drive(both, '{ pps: { clock: "phc:ptp0" } }'), [])
  t.match(drive(both, '{ pps: { clock: "phc:eth7" } }'), [/cycle of driven clocks/])
})

t.test('outputs are of a PHC, and lie within their period', async (t) => {
  t.same(
    messagesOf(
      'clocks: { "phc:a": { kernelPps: true, outputs: [{ period: 2s, phase: 1s, width: 1ms }] } }',
    ),
    [],
  )
  t.same(messagesOf('clocks: { system: { kernelPps: true, outputs: [] } }'), [
    'clocks.system.kernelPps: kernelPps is of a PHC; the system clock has no pins',
    'clocks.system.outputs: outputs is of a PHC; the system clock has no pins',
  ])
  t.same(messagesOf('clocks: { "phc:a": { outputs: [{ phase: 1s }, { width: 2s }] } }'), [
    'clocks["phc:a"].outputs[0].phase: phase 1s is not within the period of 1s',
    'clocks["phc:a"].outputs[1].width: width 2s is not within the period of 1s',
  ])
})

t.test('in words', async (t) => {
  const loaded = loadConfig(
    `clocks: { "phc:a": { kernelPps: true, outputs: [{ channel: 2, phase: 1ms }] } }
sources:
  - pps: { device: /dev/pps0, second: system }
  - pps: { clock: "phc:a", edge: both, delay: 50ns }`,
    'f',
  )
  const lines = loaded.ok ? describeConfig(loaded.config) : []
  for (const line of [
    'clock phc:a: puts out pulses every 1s at channel 2, 1ms after the second',
    'clock phc:a: its seconds are PPS events of the kernel',
    'source pps: /dev/pps0, rising edge, the second as the system clock has it',
    'source pps: phc:a channel 0, both edges, late by 50ns',
  ]) {
    t.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`)
  }
})
