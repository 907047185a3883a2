/** What the schema makes of nothing, for those who build a configuration without a file. */
import * as v from 'valibot'
import { clockSchema, configSchema, sourceSchema } from './schema.ts'
import type { ClockConfig, ClockMode, Config, SourceConfig } from './types.ts'

export const defaultClock = (mode: ClockMode): ClockConfig => v.parse(clockSchema, { mode })

/** Sources as they would come out of the file, of input that is known to be well-formed. */
export const toSources = (written: readonly v.InferInput<typeof sourceSchema>[]): SourceConfig[] =>
  written.flatMap((source) => v.parse(sourceSchema, source))

/** An empty file. */
export const emptyConfig = (): Config => v.parse(configSchema, {})
