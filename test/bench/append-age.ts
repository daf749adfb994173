import { eventLogFile } from '#src/data/files.ts'
import { atLeast, type Bench, FULL, type Size } from './kit/bench.ts'
import { writeCity } from './kit/city.ts'
import { largeLog } from './kit/large-log.ts'
import { perSecond } from './kit/timing.ts'
import { openWritePath, visitRecorder } from './kit/write-side.ts'

const YOUNG = 10_000

const recordedPerSecondIn = async (dir: string, size: Size): Promise<number> => {
  const { execute, close } = await openWritePath(dir)
  const rate = await perSecond(64, size, visitRecorder(execute, []))
  await close()
  return rate
}

export const appendAge: Bench = {
  name: 'append.age',
  unit: 'events/s',
  target: atLeast(0.9),
  durability: FULL,
  ours: async (size) => recordedPerSecondIn(await largeLog(size), size),
  against: {
    name: 'the same on a log of 10,000 events',
    async run(size) {
      await writeCity(eventLogFile(size.dir), YOUNG)
      return recordedPerSecondIn(size.dir, size)
    },
  },
}
