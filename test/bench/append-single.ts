import { atMost, type Bench, FULL } from './kit/bench.ts'
import { openRawLog } from './kit/raw-log.ts'
import { median } from './kit/stats.ts'
import { durations } from './kit/timing.ts'
import { startWholeSystem, visitRecorder } from './kit/write-side.ts'

export const appendSingle: Bench = {
  name: 'append.single',
  unit: 'µs',
  target: atMost(2),
  durability: FULL,
  async ours(size) {
    const { system, families } = await startWholeSystem(size.dir)
    const samples = await durations(size, visitRecorder(system.execute, families))
    await system.stop()
    return median(samples)
  },
  against: {
    name: 'raw better-sqlite3, FULL, one event, p50',
    async run(size) {
      const raw = await openRawLog(size.dir)
      const samples = await durations(size, () => raw.write(1))
      raw.close()
      return median(samples)
    },
  },
}
