import t from 'tap'
import { differences, needingRestart } from '../../agent/config/differences.ts'
import { loadConfig } from '../../agent/config/load.ts'
import type { Config } from '../../agent/config/types.ts'

const config = (text: string): Config => {
  const loaded = loadConfig(text, 'f')
  if (!loaded.ok) throw new Error(text)
  return loaded.config
}

t.test('in the words of check-config', async (t) => {
  const before = config('sources: [{ ntp: { server: a } }, { ntp: { server: b } }]')
  const after = config('sources: [{ ntp: { server: a, minpoll: 4 } }, { ntp: { server: b } }]')
  t.same(differences(before, before), [])
  t.match(differences(before, after), [/^\+ source ntp: server a, polls every 2\^4/, /^- source/])
  t.same(differences(before, { ...before, logLevel: 'debug' }), ['~ logLevel'])
})

t.test('what an agent has for its whole life', async (t) => {
  const before = config('listen: 127.0.0.1:9975')
  t.same(
    needingRestart(
      before,
      config('clocks: { system: { mode: drive } }\nsources: [{ ntp: { server: a } }]'),
    ),
    [],
  )
  t.same(needingRestart(before, config('listen: 127.0.0.1:9976\nstateDirectory: /x')), [
    'stateDirectory',
    'listen',
  ])
})
