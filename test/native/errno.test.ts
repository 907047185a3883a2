import t from 'tap'
import { categoryOf } from '../../agent/core/errors.ts'
import { errnoName, portFault } from '../../native/errno.ts'

t.test('an errno has its name and the code that tells what to do', async (t) => {
  t.same(portFault('open', 13), { code: 'PERMISSION', syscall: 'open', errno: 'EACCES' })
  t.equal(errnoName(110), 'ETIMEDOUT')
  for (const [errno, code] of [
    [1, 'PERMISSION'],
    [2, 'NOT_FOUND'],
    [16, 'BUSY'],
    [19, 'NO_DEVICE'],
    [20, 'NOT_FOUND'],
    [28, 'NO_SPACE'],
    [30, 'NO_SPACE'],
    [34, 'OUT_OF_RANGE'],
    [95, 'NOT_SUPPORTED'],
    [122, 'NO_SPACE'],
  ] as const) {
    t.equal(portFault('x', errno).code, code, errnoName(errno))
  }
})

t.test('an errno outside the table is unknown, and retried', async (t) => {
  const fault = portFault('ioctl', 4095)
  t.same(fault, { code: 'UNKNOWN', syscall: 'ioctl', errno: 'errno 4095' })
  t.equal(categoryOf(fault.code), 'retry')
})
