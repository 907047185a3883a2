/** `{$NAME}` and `{%NAME%}` in the words of a Corefile (replaceEnvVars of coredns/caddy). */

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface Replaced {
  readonly value: string
  /** Names that are not set, each once. */
  readonly unset: readonly string[]
}

/** Names are short, so that a text full of beginnings is no work. */
const REFERENCE = /\{%([^%]{1,128})%\}|\{\$([^}]{1,128})\}/g

/**
 * One that is not set becomes nothing, as in CoreDNS. Without an environment, when it is not known what
 * CoreDNS has in its own, references stay as they are.
 */
export function replaceVariables(text: string, environment: Environment | undefined): Replaced {
  const unset = new Set<string>()
  const value = text.replace(REFERENCE, (reference, percent?: string, dollar?: string) => {
    const name = percent ?? dollar ?? ''
    const found =
      environment !== undefined && Object.hasOwn(environment, name) ? environment[name] : undefined
    if (found === undefined) unset.add(name)
    return found ?? (environment === undefined ? reference : '')
  })
  return { value, unset: [...unset] }
}
