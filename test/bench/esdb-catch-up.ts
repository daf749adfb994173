import { START, streamNameFilter } from '@eventstore/db-client'
import type { Appending } from '#domain/kernel/event-store.ts'
import { atLeast, type Bench, type Size } from './kit/bench.ts'
import { bareClient, freshVisits, openOurs, withServer } from './kit/esdb.ts'

const EVENTS_A_STREAM = 100

/** A log on the server, written by the adapter itself, so that both sides read the same. */
const withLog = (size: Size, work: (url: string, events: number) => Promise<number>) =>
  withServer(async (url) => {
    const events = Math.min(size.many, 50_000)
    const store = await openOurs(url, size.dir)
    const next = await freshVisits()
    for (let written = 0; written < events; written += EVENTS_A_STREAM) {
      const some: Appending[] = Array.from({ length: EVENTS_A_STREAM }, next)
      await store.append(`visit-${some[0]?.id}`, 'none', some)
    }
    await store.close()
    return work(url, events)
  })

const rateOf = async (events: number, work: () => Promise<void>): Promise<number> => {
  const begun = performance.now()
  await work()
  return (events * 1_000) / (performance.now() - begun)
}

/** From nothing to a copy of the log on this node's disk, in whose order everything else is folded. */
export const esdbCatchUp: Bench = {
  name: 'esdb.catch-up',
  unit: 'events/s',
  target: atLeast(0.5),
  durability: 'SQLite WAL, synchronous=NORMAL: a copy, fetched again when it is lost',
  ours: (size) =>
    withLog(size, async (url, events) => {
      let close = async () => {}
      const rate = await rateOf(events, async () => {
        const store = await openOurs(url, `${size.dir}/new`)
        close = store.close
        if (!(await store.replica.reached(await store.head(), 600_000))) throw new Error('never caught up')
      })
      await close()
      return rate
    }),
  against: {
    name: 'the bare client’s subscription, each event parsed, nothing kept',
    run: (size) =>
      withLog(size, async (url, events) => {
        const { client } = bareClient(url)
        const rate = await rateOf(events, async () => {
          let seen = 0
          const all = client.subscribeToAll({
            fromPosition: START,
            filter: streamNameFilter({ regex: '^[^$_]' }),
          })
          for await (const { event } of all) {
            if (event) seen += 1
            if (seen === events) break
          }
        })
        await client.dispose()
        return rate
      }),
  },
}
