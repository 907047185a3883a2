/** Who has to know what each clock is worth: outputs of PHCs, PPS sources, the ptp4l of a grandmaster. */
import { Outputs } from './clock/outputs.ts'
import type { NamedClock } from './clocks.ts'
import type { ClockConfig } from './config/types.ts'
import type { Event, Machine, Now, Standing } from './core/machine.ts'
import type { PulseOutput } from './core/pulse.ts'
import type { ClockView } from './observe/snapshot.ts'
import type { Source } from './sources/source.ts'

const ns = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9))

const outputsOf = ({ outputs = [], kernelPps }: ClockConfig): PulseOutput[] => [
  ...outputs.map(
    ({ channel, pin, period, phase, width }): PulseOutput => ({
      ...{ kind: 'perout', channel, pin, period: ns(period), phase: ns(phase) },
      width: width === undefined ? undefined : ns(width),
    }),
  ),
  ...(kernelPps === true ? [{ kind: 'kernel' } as const] : []),
]

type Listener = Machine & { readonly id: string }
type Deliver = (to: Listener, event: Event) => void
type Viewed = { view(now: Now): ClockView }

export class PulsePart {
  readonly outputs: readonly Outputs[]
  readonly #listeners: readonly Listener[]

  constructor(clocks: readonly NamedClock[], sources: readonly Source[]) {
    this.outputs = clocks.flatMap(({ name, config, phc }) => {
      const outputs = phc === undefined ? [] : outputsOf(config)
      return outputs.length === 0 ? [] : [new Outputs(name, outputs)]
    })
    this.#listeners = [...sources.filter(({ attends }) => attends === true), ...this.outputs]
  }

  get machines(): readonly (readonly [string, Machine])[] {
    return this.outputs.map((each) => [each.id, each] as const)
  }

  /** Once a second, to those who want to know. */
  tell(clocks: Iterable<Viewed>, now: Now, deliver: Deliver): void {
    if (this.#listeners.length === 0) return
    for (const clock of clocks) {
      const standing = standingOf(clock.view(now))
      for (const each of this.#listeners) deliver(each, { on: 'standing', standing })
    }
  }
}

/** The kernel's own word stands in where the agent measures nothing: chronyd may be steering. */
function standingOf(view: ClockView): Standing {
  const { name, state, steered, bound, kernel, leap, taiOffset = 0 } = view
  const kernels = kernel?.synchronized === true ? kernel.maxError : undefined
  const known = { clock: name, state, steered, leap, taiOffset, source: view.offsetSource }
  return { ...known, bound: bound ?? kernels }
}
