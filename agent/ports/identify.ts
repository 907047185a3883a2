/** Which PHC stamps the packets of a network interface. Linux: ETHTOOL_GET_TS_INFO. */
import type { PortFault } from '../core/errors.ts'

export type IdentifyResult =
  /** `phcIndex`: N of /dev/ptpN, -1 for an interface without one. */
  | { readonly ok: true; readonly phcIndex: number }
  | { readonly ok: false; readonly fault: PortFault }

export interface IdentifyPort {
  identify(networkInterface: string): IdentifyResult
}
