/** The two signals that ask to end. The first ends in good order, the second at once. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** Asks for the configuration to be read again. */
const RELOAD = 'SIGHUP'
/** 128 + SIGINT, as shells report it. */
const INTERRUPTED = 130

/** Calls `stop` once; returns how to stop listening. */
export function onSignal(stop: (signal: string) => void): () => void {
  let asked = false
  const handler = (signal: string): void => {
    if (asked) process.exit(INTERRUPTED)
    asked = true
    stop(signal)
  }
  for (const signal of SIGNALS) process.on(signal, handler)
  return () => {
    for (const signal of SIGNALS) process.off(signal, handler)
  }
}

/** Calls `reload` each time; returns how to stop listening. */
export function onReload(reload: () => void): () => void {
  process.on(RELOAD, reload)
  return () => process.off(RELOAD, reload)
}
