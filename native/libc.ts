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
/** getsockname(2); `length` is the u32 that holds the size of `address`. */
export const getsockname: (fd: number, address: Uint8Array, length: Uint32Array) => number =
  libc.func('int getsockname(int fd, void *address, void *length)')
export const connect: (fd: number, address: Uint8Array, length: number) => number = libc.func(
  'int connect(int fd, const void *address, unsigned int length)',
)
export const setsockopt: (
  fd: number,
  level: number,
  name: number,
  value: Uint8Array,
  length: number,
) => number = libc.func(
  'int setsockopt(int fd, int level, int name, const void *value, unsigned int length)',
)
export const send: (fd: number, data: Uint8Array, length: number, flags: number) => number =
  libc.func('intptr_t send(int fd, const void *data, size_t length, int flags)')
/** recvmsg(2); `message` is a struct msghdr whose pointers stay good during the call. */
export const recvmsg: (fd: number, message: Uint8Array, flags: number) => number = libc.func(
  'intptr_t recvmsg(int fd, void *message, int flags)',
)

// --- readiness
export const epollCreate1: (flags: number) => number = libc.func('int epoll_create1(int flags)')
export const epollCtl: (epoll: number, operation: number, fd: number, event: Uint8Array) => number =
  libc.func('int epoll_ctl(int epoll, int operation, int fd, void *event)')
export const epollWait: (
  epoll: number,
  events: Uint8Array,
  capacity: number,
  timeoutMs: number,
) => number = libc.func('int epoll_wait(int epoll, void *events, int capacity, int timeout)')

export interface Watch {
  /** Whether the watch keeps the process alive. */
  ref(): void
  unref(): void
  close(): void
}
/**
 * Calls back on the event loop as long as `fd` is readable (uv_poll_start of libuv, by the FFI: no
 * thread). An exception out of `ready` would be left pending in the engine: it must not throw.
 */
export const watch = (fd: number, ready: () => void): Watch =>
  koffi.node.poll(fd, { readable: true }, ready)
