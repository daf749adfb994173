import { atLeast, type Bench, FULL, type Size } from './kit/bench.ts'
import { openRawLog } from './kit/raw-log.ts'
import { perSecond, perSecondInTurn } from './kit/timing.ts'
import { startWholeSystem, visitRecorder } from './kit/write-side.ts'

const EVENTS_PER_TRANSACTION = 100

/** Commands a second through the whole program but the door, views and processes following. */
export const recordedPerSecond = async (size: Size, callers: number): Promise<number> => {
  const { system, families } = await startWholeSystem(size.dir)
  const rate = await perSecond(callers, size, visitRecorder(system.execute, families))
  await system.stop()
  return rate
}

export const appendWhole: Bench = {
  name: 'append.whole',
  unit: 'events/s',
  target: atLeast(0.4),
  durability: FULL,
  ours: (size) => recordedPerSecond(size, 64),
  against: {
    name: 'raw better-sqlite3, FULL, 100 per transaction, 10,000 streams',
    async run(size) {
      const raw = await openRawLog(size.dir)
      const rate = perSecondInTurn(size, EVENTS_PER_TRANSACTION, () => raw.write(EVENTS_PER_TRANSACTION))
      raw.close()
      return rate
    },
  },
}
