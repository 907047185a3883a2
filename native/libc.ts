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

// --- devices, files
/** ioctl(2) with a pointer to a structure that the kernel reads, fills in, or both. */
export const ioctl: (fd: number, request: number, argument: Uint8Array) => number = libc.func(
  'int ioctl(int fd, unsigned long request, void *argument)',
)
/** ioctl(2) with the argument by value. */
export const ioctlValue: (fd: number, request: number, argument: number) => number = libc.func(
  'ioctl',
  'int',
  ['int', 'unsigned long', 'unsigned long'],
)
/** read(2) into the whole of `buffer`: `length` is its length. */
export const read: (fd: number, buffer: Uint8Array, length: number) => number = libc.func(
  'intptr_t read(int fd, void *buffer, size_t length)',
)
/** poll(2); `fds` is `count` times i32 fd, i16 events, i16 revents. */
export const poll: (fds: Uint8Array, count: number, timeoutMs: number) => number = libc.func(
  'int poll(void *fds, unsigned long count, int timeout)',
)
/** flock(2). */
export const flock: (fd: number, operation: number) => number = libc.func(
  'int flock(int fd, int operation)',
)
/**
 * Where `buffer` lies in memory, for structures that hold pointers. The address is good as long as
 * the caller keeps the buffer.
 */
export const bufferAddress = (buffer: Uint8Array): bigint => koffi.address(buffer)

// --- sockets
/** socket(2). */
export const socket: (family: number, type: number, protocol: number) => number = libc.func(
  'int socket(int family, int type, int protocol)',
)
/** sendto(2). */
export const sendto: (
  ...call: [
    fd: number,
    data: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ]
) => number = libc.func(
  'intptr_t sendto(int fd, void *data, size_t length, int flags, void *address, unsigned int size)',
)
/** bind(2). */
export const bind: (fd: number, address: Uint8Array, length: number) => number = libc.func(
  'int bind(int fd, void *address, unsigned int length)',
)
