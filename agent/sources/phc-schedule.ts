/**
 * Regular work without drift: the n-th turn is due at start + n * period, however late the ones
 * before it were served; turns that were missed are left out. Also ages without a limit, for
 * machines that may wait for an answer longer than the 100 days that `since` can hold.
 */
import { type Instant, type Nanos, plus, type Scale, stepBetween } from '../core/units.ts'

/** `later - earlier`, to the precision of a double. */
export const elapsed = <S extends Scale>(later: Instant<S>, earlier: Instant<NoInfer<S>>): Nanos =>
  Number(stepBetween(later, earlier)) as Nanos

/** A timer may fire early by this part of a period without being given the same turn again. */
const EARLY = 1e-3

/** The first turn after `now` of a grid that began at `start`. */
export function nextTurn(
  start: Instant<'mono'>,
  period: Nanos,
  now: Instant<'mono'>,
): Instant<'mono'> {
  const turn = Math.floor(elapsed(now, start) / period + EARLY) + 1
  return plus(start, (turn * period) as Nanos)
}
