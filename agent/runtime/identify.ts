/** Which PHC an interface stamps with: `ports/identify.ts` by ETHTOOL_GET_TS_INFO. */
import { Ethtool } from '../../native/ethtool.ts'
import type { IdentifyPort } from '../ports/identify.ts'

export interface Identifier extends IdentifyPort {
  close(): void
}

export function createIdentifier(
  ethtool: Pick<Ethtool, 'tsInfo' | 'close'> = new Ethtool(),
): Identifier {
  return {
    identify: (networkInterface) => {
      const answer = ethtool.tsInfo(networkInterface)
      return answer.ok ? { ok: true, phcIndex: answer.info.phcIndex } : answer
    },
    close: () => ethtool.close(),
  }
}
