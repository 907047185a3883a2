/** What is different between two configurations, in the words of `check-config`. */
import { describeConfig } from './describe.ts'
import type { Config } from './types.ts'

/** What an agent has for its whole life. */
const FOR_LIFE = ['stateDirectory', 'hardwareTimestamps', 'logLevel', 'listen', 'socket'] as const

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Keys whose new value needs another start. */
export const needingRestart = (before: Config, after: Config): readonly string[] =>
  FOR_LIFE.filter((key) => !isSame(before[key], after[key]))

/** `+ source ntp: ...`, `- clock phc:eth0: ...`; empty: nothing that counts is different. */
export function differences(before: Config, after: Config): readonly string[] {
  if (isSame(before, after)) return []
  const [old, young] = [describeConfig(before), describeConfig(after)]
  const told = [
    ...young.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
    ...old.filter((line) => !young.includes(line)).map((line) => `- ${line}`),
  ]
  if (told.length > 0) return told
  const keys = Object.keys(after) as (keyof Config)[]
  return keys.filter((key) => !isSame(before[key], after[key])).map((key) => `~ ${key}`)
}
