/**
 * The border to C: the only importer of the FFI. Each function is the C function of that name with
 * the types it has on 64-bit Linux; its manual page is its documentation. A failed call returns -1
 * and `lastErrno()` tells why, provided that it is asked before the next call.
 */
import koffi from 'koffi'

const libc = koffi.load(null)

/** errno of the last failed call of this thread. */
export const lastErrno = (): number => koffi.errno()

/** clock_gettime(2); `timespec` receives seconds and nanoseconds. */
export const clockGettime: (clockId: number, timespec: BigInt64Array) => number = libc.func(
  'int clock_gettime(int id, void *timespec)',
)
/** clock_adjtime(2); `timex` is the 208-byte structure. Returns the time state or -1. */
export const clockAdjtime: (clockId: number, timex: Uint8Array) => number = libc.func(
  'int clock_adjtime(int id, void *timex)',
)
export const open: (path: string, flags: number) => number = libc.func(
  'int open(const char *path, int flags)',
)
export const close: (fd: number) => number = libc.func('int close(int fd)')
