/** Who has to know what each clock is worth: outputs of PHCs, PPS sources, the ptp4l of a grandmaster. */
import { Outputs } from './clock/outputs.ts'
import type { NamedClock } from './clocks.ts'
import type { ClockConfig } from './config/types.ts'
import type { Event, Machine, Now, Standing } from './core/machine.ts'
import type { PulseOutput } from './core/pulse.ts'
import type { ClockView } from './observe/snapshot.ts'

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

export type Listener = Machine & { readonly id: string }
type Deliver = (to: Listener, event: Event) => void
type Viewed = { view(now: Now): ClockView }

/** The outputs of each PHC that has some, with all that made them. */
export const createOutputs = (
  clocks: readonly NamedClock[],
): { readonly part: Outputs; readonly signature: string }[] =>
  clocks.flatMap(({ name, config, phc }) => {
    const outputs = phc === undefined ? [] : outputsOf(config)
    if (outputs.length === 0) return []
    const signature = JSON.stringify([config.outputs, config.kernelPps, phc?.device])
    return [{ part: new Outputs(name, outputs), signature }]
  })

/** Once a second, to those who want to know. */
export function tellStanding(
  clocks: Iterable<Viewed>,
  listeners: readonly Listener[],
  now: Now,
  deliver: Deliver,
): void {
  if (listeners.length === 0) return
  for (const clock of clocks) {
    const standing = standingOf(clock.view(now))
    for (const each of listeners) deliver(each, { on: 'standing', standing })
  }
}

/** The kernel's own word stands in where the agent measures nothing: chronyd may be steering. */
function standingOf(view: ClockView): Standing {
  const { name, state, steered, bound, kernel, leap, taiOffset = 0 } = view
  const kernels = kernel?.synchronized === true ? kernel.maxError : undefined
  const known = { clock: name, state, steered, leap, taiOffset, source: view.offsetSource }
  return { ...known, bound: bound ?? kernels }
}
