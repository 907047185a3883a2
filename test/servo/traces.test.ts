/** linuxptp's PI servo against ours, on what phc2sys and ptp4l really got and gave (test/traces). */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mono, nanos, ppb } from '../../agent/core/units.ts'
import { constantGains, PI_GAINS, type PiOptions, PiServo } from '../../agent/servo/pi.ts'

const FOLDER = join(import.meta.dirname, '../traces')
/** The kernel's unit is 1/65.536 ppb, and linuxptp cuts off what is below it. */
const ROUNDING_PPB = 1 / 65.536
/** Of one sample: the default of phc2sys. */
const READINGS = 5
const WORST = { width: 1n << 62n, at: 0n }

interface Step {
  readonly at: bigint
  readonly offset: number
  /** As logged: s0, s1, s2. */
  readonly state: string
  /** ppb; undefined: nothing was dialled. */
  readonly dialled: number | undefined
}

/** `dial` of recorder.c: ticks are of 100 Hz, and 0 where the clock has none. */
const ppbOf = (tick: number, frequency: number): number =>
  (tick === 0 ? 0 : (tick - 10_000) * 100_000) + frequency / 65.536

/** One line of the log is one sample; what belongs to it stands before it. */
function stepsOf(text: string): Step[] {
  const steps: Step[] = []
  let readings: { readonly width: bigint; readonly at: bigint }[] = []
  let stamp = 0n
  let dialled: number | undefined
  for (const line of text.split('\n')) {
    const words = line.split(/ +/)
    const [what, a = '', b = '', c = ''] = words
    if (what === 'read') readings.push({ width: BigInt(c) - BigInt(a), at: BigInt(a) })
    if (what === 'stamp') stamp = BigInt(b)
    if (what === 'dial') dialled = ppbOf(Number(b), Number(c))
    if (what !== 'say') continue
    const [, offset = '', state = ''] = /offset +(-?\d+) (s\d) /.exec(line) ?? []
    // before the first sample stand the readings by which phc2sys chooses its way
    const best = readings.slice(-READINGS).reduce((x, y) => (y.width < x.width ? y : x), WORST)
    const at = stamp === 0n ? best.at + best.width / 2n : stamp
    steps.push({ at, offset: Number(offset), state, dialled })
    readings = []
    dialled = undefined
  }
  return steps
}

const phc2sys = { gains: PI_GAINS.phc, frequency: ppb(0), maxFrequency: ppb(100_000_000) }
const ptp4l = {
  ...{ gains: PI_GAINS.hardware, frequency: ppb(0), maxFrequency: ppb(32_767_999) },
  firstStepThreshold: 20_000,
}

const OPTIONS: Readonly<Record<string, PiOptions>> = {
  'phc2sys-1hz': phc2sys,
  'phc2sys-16hz': { ...phc2sys, interval: 1 / 16 },
  'phc2sys-first-step': { ...phc2sys, firstStepThreshold: 20_000 },
  'phc2sys-quarter-hz': { ...phc2sys, interval: 4 },
  'phc2sys-gains': { ...phc2sys, gains: constantGains(0.4, 0.1) },
  'ptp4l-1hz': ptp4l,
  'ptp4l-no-step': { ...ptp4l, firstStepThreshold: 0 },
  'ptp4l-step': { ...ptp4l, stepThreshold: 50_000 },
}

const STATES = { unlocked: 's0', jump: 's1', locked: 's2' } as const

const traces = readdirSync(FOLDER).filter((name) => name.endsWith('.trace'))
t.same(traces.map((name) => name.slice(0, -6)).sort(), Object.keys(OPTIONS).sort(), 'all of them')

for (const [name, options] of Object.entries(OPTIONS)) {
  t.test(`${name}: the same output for the same input`, async (t) => {
    const steps = stepsOf(readFileSync(join(FOLDER, `${name}.trace`), 'utf8'))
    const servo = new PiServo(options)
    let worst = 0
    let compared = 0
    for (const { at, offset, state, dialled } of steps) {
      const output = servo.sample({ at: mono(at), offset: nanos(offset), weight: 1 })
      if (STATES[output.state] !== state) t.fail(`${at}: ${output.state}, theirs ${state}`)
      if (dialled === undefined) continue
      worst = Math.max(worst, Math.abs(output.frequency - dialled))
      compared += 1
    }
    t.ok(compared >= 25, `${compared} samples compared`)
    t.ok(worst <= ROUNDING_PPB, `largest difference ${worst.toFixed(4)} ppb`)
  })
}
