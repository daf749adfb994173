import { join } from 'node:path'
import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { openReadStoreWriter } from '#infra/read-store/writer.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { eventLogFile } from '#src/data/files.ts'
import { startRunner } from '#src/projector/runner.ts'
import { atLeast, type Bench, type Size } from './kit/bench.ts'
import { writeCity } from './kit/city.ts'
import { replayedPerSecond } from './kit/emmett.ts'
import { missingPeers } from './kit/peers.ts'
import { quiet } from './kit/write-side.ts'

/** As many as the peer gets done in ten seconds or so; ours gets five times as many, to be timed at all. */
const THEIRS = 20_000
const OURS = 100_000
const HOUR_MS = 3_600_000

const timelinePerSecond = async (size: Size): Promise<number> => {
  await writeCity(eventLogFile(size.dir), OURS)
  const store = await openSqliteEventStore({ file: eventLogFile(size.dir), readOnly: true })
  const writer = openReadStoreWriter({ file: join(size.dir, 'read-models.db') })
  const begun = performance.now()
  const runner = startRunner({
    store,
    writer,
    projections: [familyTimeline],
    decode: decoder(catalogue),
    log: quiet,
  })
  if (!(await runner.reached(BigInt(OURS), HOUR_MS))) throw new Error('not rebuilt')
  const rate = (OURS * 1_000) / (performance.now() - begun)
  await runner.stop()
  writer.close()
  await store.close()
  return rate
}

const emmett = async (size: Size): Promise<number> => {
  await writeCity(eventLogFile(size.dir), THEIRS)
  const log = await openSqliteEventStore({ file: eventLogFile(size.dir), readOnly: true })
  const events = await log.after(0n, Math.min(THEIRS, size.many))
  await log.close()
  return replayedPerSecond(events, size.dir)
}

export const rebuildVsEmmett: Bench = {
  name: 'rebuild.vs-emmett',
  unit: 'events/s',
  target: atLeast(20),
  durability: 'derived data on both sides',
  ours: timelinePerSecond,
  against: { name: 'emmett-sqlite, one plain timeline', run: emmett },
  missing: missingPeers,
}
