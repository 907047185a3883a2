/**
 * Who is asked what: the nameservers of resolv.conf and the configured targets, as one list of probes
 * in the order in which they are asked.
 *
 * A server that stands in both is one target with the names of both, since a time series has one owner.
 * A resolv.conf without a nameserver line means the one on this machine (resolv.conf(5)); an empty text
 * means that there is no such file, and then nothing is guessed. The order goes round the servers, so
 * that no server gets two questions in a row while there are others.
 */
import type { DnsConfig } from '../config/types.ts'
import { withPort } from './address.ts'
import { parseQuestion, type Question } from './question.ts'
import type { ResolvConf } from './resolv-conf.ts'

export const DNS_PORT = 53

export type DnsTransport = 'udp' | 'tcp'

export interface Target {
  /** Address, with the port where it is not 53: the label. */
  readonly label: string
  readonly address: string
  readonly port: number
  readonly origin: 'resolv.conf' | 'config'
  readonly questions: readonly Question[]
  readonly transports: readonly DnsTransport[]
}

export interface Probe {
  readonly target: Target
  readonly transport: DnsTransport
  readonly question: Question
}

/** Names that are none were refused when the configuration was loaded. */
const toQuestions = (names: readonly string[]): Question[] =>
  names.map(parseQuestion).flatMap((parsed) => (parsed.ok ? [parsed.value] : []))

function resolvConfTargets(text: string, resolvConf: ResolvConf, names: readonly string[]) {
  const written = resolvConf.nameservers.map(({ address }) => address)
  const fallback = text.trim() === '' ? [] : ['127.0.0.1']
  return (written.length > 0 ? written : fallback).map(
    (address): Target => ({
      label: address,
      address,
      port: DNS_PORT,
      origin: 'resolv.conf',
      questions: toQuestions(names),
      transports: ['udp', 'tcp'],
    }),
  )
}

const configTargets = (config: DnsConfig): Target[] =>
  config.targets.map(({ server, port, names, transports }) => ({
    label: withPort(server, port, DNS_PORT),
    address: server,
    port,
    origin: 'config',
    questions: toQuestions(names),
    transports,
  }))

const union = <T>(a: readonly T[], b: readonly T[], key: (item: T) => string): T[] => [
  ...new Map([...a, ...b].map((item) => [key(item), item])).values(),
]

function merge(first: Target, second: Target): Target {
  const questions = union(first.questions, second.questions, (q) => `${q.name} ${q.type}`)
  const transports = union(first.transports, second.transports, (transport) => transport)
  return { ...first, questions, transports }
}

/** Every server once, those of resolv.conf first. */
export function buildTargets(config: DnsConfig, text: string, resolvConf: ResolvConf): Target[] {
  const targets = new Map<string, Target>()
  const all = [...resolvConfTargets(text, resolvConf, config.names), ...configTargets(config)]
  for (const target of all) {
    const known = targets.get(target.label)
    targets.set(target.label, known === undefined ? target : merge(known, target))
  }
  return [...targets.values()]
}

const probesOf = (target: Target): Probe[] =>
  target.questions.flatMap((question) =>
    target.transports.map((transport) => ({ target, transport, question })),
  )

/** One round over everything, the servers taking turns. */
export function buildRound(targets: readonly Target[]): Probe[] {
  const lists = targets.map(probesOf)
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, turn) =>
    lists.flatMap((list) => list.slice(turn, turn + 1)),
  ).flat()
}
