/** The real runner with sockets, timers and names, and nothing else: no clock, no file. It cannot steer. */
import { createIdentifier } from '../../agent/runtime/identify.ts'
import { type Core, type Note, Runner } from '../../agent/runtime/runner.ts'
import type { NameResolver } from '../../agent/runtime/runner-resolve.ts'

export const bareRunner = (
  core: Core,
  log: (note: Note) => void,
  kernelStamps = true,
  resolver?: NameResolver,
): Runner =>
  new Runner(core, {
    compare: {
      compare: () => ({ ok: false, fault: { code: 'NO_DEVICE', syscall: 'none', errno: '' } }),
    },
    identify: createIdentifier(),
    files: {
      load: async () => ({ ok: false, fault: { code: 'NOT_FOUND', syscall: 'none', errno: '' } }),
      store: async () => ({ ok: true }),
    },
    log,
    kernelStamps,
    ...(resolver && { resolver }),
  })
