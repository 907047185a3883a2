/**
 * PtpConfig resources (ptp.openshift.io/v1) as YAML text in, typed values or all their faults out, each
 * with its place. Never throws. One text may hold several documents, lists of resources, and resources
 * of other kinds, which are only named. Unknown keys are kept and told of: a newer operator has more.
 *
 * Source: api/v1/ptpconfig_types.go and ptpconfig_webhook.go of k8snetworkplumbingwg/ptp-operator.
 */
import type { ConfigFault } from './faults.ts'
import type { Version } from './linuxptp-version.ts'
import { confFindings, refusalFindings } from './ptp-config-texts.ts'
import { readSpec } from './ptp-config-values.ts'
import type { Raw } from './resource-values.ts'
import { furtherFaults, loadResources } from './resources.ts'

export interface PtpConfig {
  /** `metadata.name`; with a profile's name it is unique in a cluster. */
  readonly name: string
  readonly namespace: string | undefined
  readonly profiles: readonly PtpProfile[]
  readonly recommend: readonly PtpRecommend[]
  /** The whole resource as it was written: labels, status and every unknown key. */
  readonly source: Raw
}

export interface PtpProfile {
  readonly name: string
  /** Of an ordinary clock; a boundary clock names its ports in `ptp4lConf`. */
  readonly interface: string | undefined
  /** Command-line tails. Undefined: not written; empty: the program is not to run. */
  readonly options: Readonly<Partial<Record<PtpProgram, string>>>
  /** Texts of configuration files. */
  readonly conf: Readonly<Partial<Record<PtpProgram, string>>>
  readonly scheduling: PtpScheduling | undefined
  readonly threshold: PtpClockThreshold | undefined
  readonly settings: Readonly<Record<string, string>>
  /** Options of the operator's plugins, by name; nobody here looks into them. */
  readonly plugins: Readonly<Record<string, unknown>>
  /** Keys that are not known here. */
  readonly unknown: Raw
}

export type PtpProgram = 'ptp4l' | 'phc2sys' | 'ts2phc' | 'synce4l' | 'chronyd'

export interface PtpScheduling {
  readonly policy: 'SCHED_OTHER' | 'SCHED_FIFO'
  /** 1 to 65; undefined with SCHED_OTHER. */
  readonly priority: number | undefined
}

/** Seconds and nanoseconds, as the resource has them. */
export interface PtpClockThreshold {
  readonly holdOverTimeout: number
  readonly maxOffsetThreshold: number
  readonly minOffsetThreshold: number
  /** How long a program may be away, in seconds. */
  readonly processDowntime: Readonly<Record<string, number>>
  readonly unknown: Raw
}

export interface PtpRecommend {
  readonly profile: string
  /** The lowest wins. */
  readonly priority: number
  /** One that fits is enough; none at all fits no node. */
  readonly match: readonly PtpMatch[]
  readonly unknown: Raw
}

export interface PtpMatch {
  readonly nodeName: string | undefined
  /** The key of a label; its value does not matter. */
  readonly nodeLabel: string | undefined
}

export type LoadedPtpConfigs =
  | {
      readonly ok: true
      readonly configs: readonly PtpConfig[]
      /** What is kept but looks odd: unknown keys, resources of other kinds. */
      readonly notices: readonly ConfigFault[]
    }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/** All resources of a text, or all its faults; `file` names it in them. */
export function loadPtpConfigs(text: string, file: string): LoadedPtpConfigs {
  const loaded = loadResources(text, file, {
    kind: 'PtpConfig',
    apiVersion: 'ptp.openshift.io/v1',
    read: readSpec,
    findings: confFindings,
  })
  return loaded.ok
    ? { ok: true, configs: loaded.resources, notices: loaded.notices }
    : { ok: false, faults: loaded.faults }
}

/**
 * Of a text that `loadPtpConfigs` took: what a ptp4l of that release refuses in the profiles that are to run
 * (`RESOURCE/PROFILE`), each with its place.
 */
export const refusalFaults = (
  text: string,
  file: string,
  names: ReadonlySet<string>,
  version: Version,
): ConfigFault[] =>
  furtherFaults(text, file, (document, item) => refusalFindings(document, item, names, version))
