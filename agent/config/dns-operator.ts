/**
 * The DNS operator's resource (operator.openshift.io/v1, kind DNS) as YAML text in, typed values or all
 * their faults out, each with its place. Never throws. Unknown keys are kept and told of.
 *
 * Source: operator/v1/types_dns.go of openshift/api; what the operator itself refuses is in
 * controller_dns_configmap.go of openshift/cluster-dns-operator.
 */
import type { ForwardPolicy } from '../dns/forwarding-types.ts'
import type { Upstream } from '../dns/upstream.ts'
import { readDns } from './dns-operator-values.ts'
import type { ConfigFault } from './faults.ts'
import type { Raw } from './resource-values.ts'
import { loadResources, type PlaceOf } from './resources.ts'

export interface DnsTransport {
  readonly tls: boolean
  readonly serverName: string | undefined
  /** Name of the ConfigMap with the certificates of those that are believed. */
  readonly caBundle: string | undefined
}

export interface DnsForwardPlugin extends DnsTransport {
  /** Times and names of the transport are applied already; places are those of the resource. */
  readonly upstreams: readonly Upstream[]
  readonly policy: ForwardPolicy
  readonly forceTcp: boolean
  readonly place: ReturnType<PlaceOf>
}

export interface DnsServer {
  readonly name: string
  readonly zones: readonly { readonly name: string; readonly place: ReturnType<PlaceOf> }[]
  readonly forward: DnsForwardPlugin
  readonly place: ReturnType<PlaceOf>
}

export interface DnsOperator {
  readonly name: string
  readonly servers: readonly DnsServer[]
  readonly upstreamResolvers: DnsForwardPlugin
  /** Seconds. */
  readonly cache: { readonly positiveTtl: number; readonly negativeTtl: number }
  readonly logLevel: 'Normal' | 'Debug' | 'Trace'
  /** Of the Service, where the operator has told it. */
  readonly clusterIP: { readonly address: string; readonly place: ReturnType<PlaceOf> } | undefined
  readonly clusterDomain: string
  readonly place: ReturnType<PlaceOf>
  /** The whole resource as it was written. */
  readonly source: Raw
}

export type LoadedDnsOperators =
  | {
      readonly ok: true
      readonly resources: readonly DnsOperator[]
      readonly notices: readonly ConfigFault[]
    }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/** All DNS resources of a text, or all its faults; `file` names it in them. */
export const loadDnsOperators = (text: string, file: string): LoadedDnsOperators =>
  loadResources(text, file, {
    kind: 'DNS',
    apiVersion: 'operator.openshift.io/v1',
    read: readDns,
  })
