import t from 'tap'
import { callIoctl, ioctlNumber, orErrno, PPS, PTP } from '../../native/ioctl.ts'

// ptp_clock.h as compiled on x86-64
const KNOWN: Readonly<Record<keyof typeof PTP, number>> = {
  CLOCK_GETCAPS: 0x80503d01,
  EXTTS_REQUEST: 0x40103d02,
  PEROUT_REQUEST: 0x40383d03,
  ENABLE_PPS: 0x40043d04,
  SYS_OFFSET: 0x43403d05,
  PIN_GETFUNC: 0xc0603d06,
  PIN_SETFUNC: 0x40603d07,
  SYS_OFFSET_PRECISE: 0xc0403d08,
  SYS_OFFSET_EXTENDED: 0xc4c03d09,
  CLOCK_GETCAPS2: 0x80503d0a,
  EXTTS_REQUEST2: 0x40103d0b,
  PEROUT_REQUEST2: 0x40383d0c,
  ENABLE_PPS2: 0x40043d0d,
  SYS_OFFSET2: 0x43403d0e,
  PIN_GETFUNC2: 0xc0603d0f,
  PIN_SETFUNC2: 0x40603d10,
  SYS_OFFSET_PRECISE2: 0xc0403d11,
  SYS_OFFSET_EXTENDED2: 0xc4c03d12,
  MASK_CLEAR_ALL: 0x00003d13,
  MASK_EN_SINGLE: 0x40043d14,
  SYS_OFFSET_PRECISE_CYCLES: 0xc0403d15,
  SYS_OFFSET_EXTENDED_CYCLES: 0xc4c03d16,
}

t.test('every PTP request has the number of the kernel header', async (t) => {
  t.same(PTP, KNOWN)
})

t.test('every PPS request has the number of the kernel header', async (t) => {
  t.same(PPS, {
    GETPARAMS: 0x800870a1,
    SETPARAMS: 0x400870a2,
    GETCAP: 0x800870a3,
    FETCH: 0xc00870a4,
    KC_BIND: 0x400870a5,
  })
})

t.test('a request number is positive although its highest bit is set', async (t) => {
  t.equal(ioctlNumber('both', 0xff, 0xff, 0x3fff), 0xffffffff)
  t.equal(ioctlNumber('none', 0, 0, 0), 0)
})

t.test('a failed call gives its errno, a good one its result', async (t) => {
  t.equal(callIoctl(-1, PTP.CLOCK_GETCAPS, new Uint8Array(80)), -9, 'EBADF')
  t.equal(callIoctl(-1, PTP.ENABLE_PPS, 1), -9, 'EBADF by value, too')
  t.equal(orErrno(7), 7)
})
