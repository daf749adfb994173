import { streamName } from '#domain/kernel/event.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { atLeast, type Bench } from './kit/bench.ts'
import { bareClient, freshVisits, openOurs, withServer } from './kit/esdb.ts'
import { perSecond } from './kit/timing.ts'

const CALLERS = 64

/** The guarded adapter, with the copy of the log that every node keeps, against the client alone. */
export const esdbAppend: Bench = {
  name: 'esdb.append',
  unit: 'events/s',
  target: atLeast(0.8),
  durability: 'the test server’s memory, the same on both sides',
  ours: (size) =>
    withServer(async (url) => {
      const store = await openOurs(url, size.dir)
      const next = await freshVisits()
      const rate = await perSecond(CALLERS, size, () =>
        store.append(streamName('visit', uuidV7()), 'none', [next()]),
      )
      await store.close()
      return rate
    }),
  against: {
    name: 'the bare client on the same server, nothing followed',
    run: (size) =>
      withServer(async (url) => {
        const { client, append } = bareClient(url)
        const next = await freshVisits()
        const rate = await perSecond(CALLERS, size, () => append(next()))
        await client.dispose()
        return rate
      }),
  },
}
