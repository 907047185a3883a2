/** errno as names and categories; numbers of the generic Linux table (x86-64, arm64). errno(3). */
import type { PortFault, PortFaultCode } from '../agent/core/errors.ts'

const ERRNO: Readonly<Record<number, readonly [name: string, code: PortFaultCode]>> = {
  1: ['EPERM', 'PERMISSION'],
  2: ['ENOENT', 'NOT_FOUND'],
  4: ['EINTR', 'IO'],
  5: ['EIO', 'IO'],
  6: ['ENXIO', 'NO_DEVICE'],
  9: ['EBADF', 'INVALID'],
  11: ['EAGAIN', 'BUSY'],
  12: ['ENOMEM', 'UNKNOWN'],
  13: ['EACCES', 'PERMISSION'],
  14: ['EFAULT', 'INVALID'],
  16: ['EBUSY', 'BUSY'],
  17: ['EEXIST', 'INVALID'],
  19: ['ENODEV', 'NO_DEVICE'],
  20: ['ENOTDIR', 'NOT_FOUND'],
  21: ['EISDIR', 'INVALID'],
  22: ['EINVAL', 'INVALID'],
  24: ['EMFILE', 'UNKNOWN'],
  25: ['ENOTTY', 'NOT_SUPPORTED'],
  27: ['EFBIG', 'NO_SPACE'],
  28: ['ENOSPC', 'NO_SPACE'],
  30: ['EROFS', 'NO_SPACE'],
  32: ['EPIPE', 'REFUSED'],
  34: ['ERANGE', 'OUT_OF_RANGE'],
  36: ['ENAMETOOLONG', 'OUT_OF_RANGE'],
  38: ['ENOSYS', 'NOT_SUPPORTED'],
  62: ['ETIME', 'TIMEOUT'],
  75: ['EOVERFLOW', 'OUT_OF_RANGE'],
  90: ['EMSGSIZE', 'OUT_OF_RANGE'],
  92: ['ENOPROTOOPT', 'NOT_SUPPORTED'],
  93: ['EPROTONOSUPPORT', 'NOT_SUPPORTED'],
  95: ['EOPNOTSUPP', 'NOT_SUPPORTED'],
  97: ['EAFNOSUPPORT', 'NOT_SUPPORTED'],
  98: ['EADDRINUSE', 'IN_USE'],
  99: ['EADDRNOTAVAIL', 'UNREACHABLE'],
  100: ['ENETDOWN', 'UNREACHABLE'],
  101: ['ENETUNREACH', 'UNREACHABLE'],
  103: ['ECONNABORTED', 'REFUSED'],
  104: ['ECONNRESET', 'REFUSED'],
  107: ['ENOTCONN', 'REFUSED'],
  110: ['ETIMEDOUT', 'TIMEOUT'],
  111: ['ECONNREFUSED', 'REFUSED'],
  112: ['EHOSTDOWN', 'UNREACHABLE'],
  113: ['EHOSTUNREACH', 'UNREACHABLE'],
  122: ['EDQUOT', 'NO_SPACE'],
}

export const EINTR = 4
export const EAGAIN = 11
export const EBUSY = 16
export const ENODEV = 19
export const EINVAL = 22
export const ENOTTY = 25
export const EOPNOTSUPP = 95

/** `EPERM` for 1; `errno 133` for one that is not in the table. */
export const errnoName = (errno: number): string => ERRNO[errno]?.[0] ?? `errno ${errno}`

/** The fault that a failed `syscall` with `errno` amounts to. */
export const portFault = (syscall: string, errno: number): PortFault => ({
  code: ERRNO[errno]?.[1] ?? 'UNKNOWN',
  syscall,
  errno: errnoName(errno),
})
