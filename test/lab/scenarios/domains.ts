/** Two grandmasters in two domains, a domain that changes, and an interface that gets another name. */
import { startAgent } from '../agent.ts'
import type { Lab, Program } from '../lab.ts'
import { checksOf, untilLocked, watchNode } from '../node.ts'
import { type Check, rmsOf, type Scenario } from '../scenario.ts'
import { startPtp4l, startReceiver, untilPhcLocked } from './baselines.ts'
import { untouchedPhc } from './graph.ts'
import { FOLLOW } from './lifecycle.ts'

const start = (lab: Lab, name: string, words: string): Program =>
  lab.start(name, 'ptp4l', ...`-2 -m --uds_address /run/${name} ${words}`.split(' '))

const TWO = `clocks:
  system: { mode: drive }
  "phc:lab1": { mode: follow }
  "phc:lab2": { mode: follow }
sources:
  - ptp4l: { socket: /run/ptp4l-one, domain: 24 }
  - ptp4l: { socket: /run/ptp4l-two, domain: 44 }`

const named = (name: string, checks: readonly Check[]): Check[] =>
  checks.map((check) => ({ ...check, name: `${name}: ${check.name}` }))

const wrongDomains = (output: string): number => output.split('wrong-domain').length - 1

/** Each NIC has a grandmaster of its own; either is enough, and one that is lost is not missed. */
export const twoDomains: Scenario = {
  title: 'two PHCs in two domains: both are used, one is lost, the other one carries on',
  run: async (lab) => {
    lab.set('pairs', 2)
    for (const name of ['lab0', 'lab1', 'lab2', 'lab3']) lab.call('ip', 'link', 'set', name, 'up')
    // both grandmasters tell true time
    lab.set('nic3/error_ppb', 0)
    for (const index of [1, 2]) untouchedPhc(lab, index, 1e5 * index)
    untouchedPhc(lab, 3, 0)
    start(lab, 'ptp4l-gm1', '-i lab0 --priority1 1 --domainNumber 24')
    start(lab, 'ptp4l-gm2', '-i lab3 --priority1 1 --domainNumber 44')
    start(lab, 'ptp4l-one', '-i lab1 -s --domainNumber 24')
    start(lab, 'ptp4l-two', '-i lab2 -s --domainNumber 44')
    const agent = startAgent(lab, TWO)
    await untilLocked(lab, agent)
    await lab.wait(60)
    const both = await watchNode(lab, agent, 30)
    lab.say('the first grandmaster is cut off')
    lab.set('nic0/carrier', 0)
    const one = await watchNode(lab, agent, 60)
    lab.set('nic0/carrier', 1)
    const back = await watchNode(lab, agent, 60)
    await agent.stop()
    const rms = ({ readings }: typeof both): Check => ({
      ...{ name: 'RMS', value: rmsOf(readings, 'system'), limit: 200, unit: 'ns' },
    })
    return [
      ...named('both', [...checksOf(both, { steps: 1 }), rms(both)]),
      ...named('one', [...checksOf(one, { steps: 1 }), rms(one)]),
      ...named('back', [...checksOf(back, { steps: 1 }), rms(back)]),
      {
        name: 'taken for a wrong domain',
        ...{ value: wrongDomains(agent.output()), limit: 0, unit: '' },
      },
    ]
  },
}

/** Somebody restarts ptp4l with another domain: it answers nothing any more, and that is named. */
export const domainChanged: Scenario = {
  title: 'ptp4l comes back in another domain: named, holdover within the bound; and back again',
  run: async (lab) => {
    const receiver = { program: startPtp4l(lab) }
    await untilPhcLocked(lab)
    const agent = startAgent(lab, FOLLOW)
    await untilLocked(lab, agent)
    await lab.wait(30)
    await receiver.program.stop()
    receiver.program = startReceiver(lab, '--domainNumber', '7')
    const other = await watchNode(lab, agent, 40)
    await receiver.program.stop()
    receiver.program = startReceiver(lab)
    const back = await watchNode(lab, agent, 90)
    await agent.stop()
    return [
      {
        name: 'not named as a wrong domain',
        ...{ value: wrongDomains(agent.output()) > 0 ? 0 : 1, limit: 0, unit: '' },
      },
      { name: 'no holdover', value: other.states.includes('holdover') ? 0 : 1, limit: 0, unit: '' },
      { name: 'outside of the bound', value: other.wrongFor, limit: 0, unit: 's' },
      ...named('back', checksOf(back, { steps: 0 })),
      {
        name: 'back: RMS',
        value: rmsOf(back.readings.slice(-120), 'system'),
        limit: 200,
        unit: 'ns',
      },
    ]
  },
}

/** The interface gets another name while all runs; then its driver resets, too. */
export const renamed: Scenario = {
  title: 'the interface is renamed, then its PHC comes back: the clock is found by its place',
  run: async (lab) => {
    const receiver = { program: startPtp4l(lab) }
    await untilPhcLocked(lab)
    const agent = startAgent(lab, FOLLOW)
    await untilLocked(lab, agent)
    await lab.wait(30)
    await receiver.program.stop()
    const ip = (words: string): string => lab.call('ip', ...words.split(' '))
    ip('link set lab1 down')
    ip('link set lab1 name ptpnic0')
    ip('link set ptpnic0 up')
    const options = ['-2', '-i', 'ptpnic0', '-m', '-s']
    receiver.program = lab.start('ptp4l-renamed', 'ptp4l', ...options)
    const after = await watchNode(lab, agent, 60)
    lab.say('the PHC is removed')
    lab.set('nic1/removed', 1)
    await lab.wait(5)
    lab.set('nic1/removed', 0)
    await receiver.program.stop('SIGKILL')
    receiver.program = lab.start('ptp4l-again', 'ptp4l', ...options)
    const back = await watchNode(lab, agent, 90)
    await agent.stop()
    const told = agent.output().includes('lab1 is now ptpnic0')
    return [
      { name: 'the new name is not told', value: told ? 0 : 1, limit: 0, unit: '' },
      ...named('renamed', checksOf(after, { steps: 0 })),
      ...named('PHC back', checksOf(back, { steps: 0 })),
      { name: 'RMS', value: rmsOf(back.readings.slice(-120), 'system'), limit: 200, unit: 'ns' },
    ]
  },
}
