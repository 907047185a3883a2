/** The HTTP endpoints of `run` and `demo`: opened with a sentence to the operator when they cannot be. */

import { describeFault } from '../core/errors.ts'
import { type Endpoint, type Listening, type ListenTarget, listen } from '../runtime/http.ts'
import { createHandler } from '../serve/http.ts'
import type { SnapshotProvider } from '../serve/provider.ts'

export const openEndpoint = (
  target: ListenTarget,
  provider: SnapshotProvider,
  onError: (error: unknown) => void,
): Promise<Listening> => listen(target, createHandler(provider), onError)

/** What is wrong, and what to do next. */
export function explainListenFault(listening: Listening & { readonly ok: false }): string {
  const { fault } = listening
  if (fault.code === 'IN_USE') {
    return `${fault.syscall}: the address is in use. Another agent may run (\`timewarden status\`); stop it or choose another address with --listen ADDRESS:PORT`
  }
  return describeFault(fault)
}

export async function closeAll(endpoints: readonly Endpoint[]): Promise<void> {
  await Promise.all(endpoints.map((endpoint) => endpoint.close()))
}
