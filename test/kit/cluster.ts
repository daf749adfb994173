import t from 'tap'
import type { Engine } from '#src/engine.ts'
import { startDouble } from '#test/eventstoredb-double/double.ts'

const logs = new Map<string, Promise<Engine>>()

/** A log of its own on an EventStoreDB for each name, there until the test file has ended. */
export const clusterLog = (name: string): Promise<Engine> => {
  const known = logs.get(name) ?? start()
  logs.set(name, known)
  return known
}

const start = async (): Promise<Engine> => {
  const double = await startDouble()
  t.teardown(() => double.stop())
  return double.url as Engine
}
