import { z } from 'zod'

/** `EVENT_STORE`: in a file of this machine, forgotten at the end, or on a cluster. */
export type Engine = 'sqlite' | 'memory' | `esdb${'' | '+discover'}://${string}`

export const Engine = z.custom<Engine>(
  (value) => typeof value === 'string' && /^(sqlite|memory|esdb(\+discover)?:\/\/\S+)$/.test(value),
  'is to be sqlite, memory, or the esdb:// or esdb+discover:// URL of a cluster',
)

export const isCluster = (engine: Engine): engine is Exclude<Engine, 'sqlite' | 'memory'> =>
  engine.startsWith('esdb')
