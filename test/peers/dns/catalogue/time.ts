/** Clocks and signatures: whose time is wrong. */

import { SERVER_NAME } from '../certificates.ts'
import { startKnot, startUnbound } from '../servers.ts'
import { AT, type World } from '../world.ts'
import type { Signing } from '../zones.ts'
import { type Fault, KNOT_UNBOUND, nameservers, type Settings, type SetUp } from './fault.ts'

const DOT = (world: World) => ({
  ...{ server: AT.resolver, names: ['www.alpha.lab'], transports: ['dot'] },
  ...{ serverName: SERVER_NAME, ca: world.material.certificates.ca },
})

/** All is well but the agent's own clock; the certificate is then not valid either. */
async function wellWithDot(world: World): Promise<Settings> {
  await startKnot(world)
  await startUnbound(world, { tls: 'good' })
  return { resolvConf: nameservers(AT.resolver), dns: { targets: [DOT(world)] } }
}

const shifted =
  (clock: string, more: readonly string[] = []): SetUp['setUp'] =>
  async (world) => {
    await startKnot(world)
    await startUnbound(world, { clock })
    if (more.length > 0) await startUnbound(world, { addresses: more })
    return { resolvConf: nameservers(AT.resolver, ...more) }
  }

const signedAs =
  (signing: Signing): SetUp['setUp'] =>
  async (world) => {
    await startKnot(world, { signings: { 'alpha.lab': signing } })
    await startUnbound(world)
    return { resolvConf: nameservers(AT.resolver) }
  }

export const TIME_FAULTS: readonly Fault[] = [
  {
    id: 'own-clock-behind',
    words: 'the clock of the agent is 400 days behind; three signers and a certificate exclude it',
    peers: 'knot, unbound, agent under faketime',
    expected: 'own-clock-wrong',
    clock: '-400d',
    setUp: wellWithDot,
  },
  {
    id: 'own-clock-ahead',
    words: 'the clock of the agent is 400 days ahead',
    peers: 'knot, unbound, agent under faketime',
    expected: 'own-clock-wrong',
    clock: '+400d',
    setUp: wellWithDot,
  },
  {
    id: 'resolver-clock-ahead',
    words: 'the clock of the only resolver is 60 days ahead',
    peers: 'knot, unbound under faketime',
    expected: 'resolver-clock-wrong',
    setUp: shifted('+60d'),
  },
  {
    id: 'resolver-clock-behind',
    words: 'the clock of one of two resolvers is 60 days behind',
    peers: 'knot, unbound under faketime',
    expected: 'resolver-clock-wrong',
    setUp: shifted('-60d', [AT.resolver2]),
  },
  {
    id: 'zone-expired',
    words: 'the signatures of a zone ended 30 days ago',
    peers: KNOT_UNBOUND,
    expected: 'zone-expired',
    setUp: signedAs('expired'),
  },
  {
    id: 'zone-not-yet-valid',
    words: 'the signatures of a zone begin in 30 days',
    peers: KNOT_UNBOUND,
    expected: 'zone-expired',
    setUp: signedAs('future'),
  },
  {
    id: 'zone-foreign-key',
    words: 'a zone is signed by a key that no trust anchor knows',
    peers: KNOT_UNBOUND,
    expected: 'bogus-zone',
    setUp: signedAs('foreign'),
  },
  {
    id: 'zone-tampered',
    words: 'a record was changed after its signing',
    peers: KNOT_UNBOUND,
    expected: 'bogus-zone',
    setUp: signedAs('tampered'),
  },
]
