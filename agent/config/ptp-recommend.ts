/**
 * Which profiles a node is to run, chosen as the ptp-operator does it: of all recommendations that fit
 * the node those with the lowest priority number win, all of them; each is looked up by name in every
 * resource. Source: controllers/recommend.go of k8snetworkplumbingwg/ptp-operator.
 */
import type { PtpConfig, PtpMatch, PtpProfile, PtpRecommend } from './ptp-config.ts'

export interface NodeIdentity {
  readonly name: string
  /** Keys count, values do not. */
  readonly labels: Readonly<Record<string, string>>
}

export interface ChosenProfile {
  /** `RESOURCE/PROFILE`, unique in a cluster. */
  readonly qualifiedName: string
  readonly config: PtpConfig
  readonly profile: PtpProfile
}

export interface Choice {
  /** By qualified name; empty where nothing fits. */
  readonly chosen: readonly ChosenProfile[]
  /** Recommended for this node, and defined nowhere: the operator then gives the node nothing. */
  readonly missing: readonly string[]
}

const fits = ({ name, labels }: NodeIdentity, { nodeName, nodeLabel }: PtpMatch): boolean =>
  nodeName === name || (nodeLabel !== undefined && Object.hasOwn(labels, nodeLabel))

const isFor = (node: NodeIdentity, { match }: PtpRecommend): boolean =>
  match.some((each) => fits(node, each))

/** In the order of bytes, as Go sorts. */
const byName = (a: ChosenProfile, b: ChosenProfile): number =>
  a.qualifiedName < b.qualifiedName ? -1 : Number(a.qualifiedName > b.qualifiedName)

const named = (config: PtpConfig, wanted: ReadonlySet<string>): ChosenProfile[] =>
  config.profiles
    .filter(({ name }) => wanted.has(name))
    .map((profile) => ({ qualifiedName: `${config.name}/${profile.name}`, config, profile }))

export function chooseProfiles(configs: readonly PtpConfig[], node: NodeIdentity): Choice {
  const fitting = configs
    .flatMap(({ recommend }) => recommend)
    .filter((recommend) => isFor(node, recommend))
  const best = fitting.reduce((least, { priority }) => Math.min(least, priority), Infinity)
  const wanted = new Set(
    fitting.filter(({ priority }) => priority === best).map(({ profile }) => profile),
  )
  const chosen = configs.flatMap((config) => named(config, wanted)).sort(byName)
  const found = new Set(chosen.map(({ profile }) => profile.name))
  return { chosen, missing: [...wanted].filter((name) => !found.has(name)) }
}
