import type { RecordedEvent } from '@eventstore/db-client'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import { keyCopy, openCopyFile } from './copy.ts'
import { toFact } from './facts.ts'
import { fillKeys } from './fill.ts'

const LOCK_WAIT_MS = 5_000
/** Following goes on meanwhile; a reader of a key file is gone in microseconds. */
const CLEAN_WAIT_MS = 50
const CLEAN_AGAIN_MS = 1_000
/** Bytes of the server's log without a key, after which it is noted how far that was. */
const NOTED_EVERY = 16n * 1024n * 1024n

/** Keeps this node's copy of the cluster's keys, in the thread that copies the log. */
export const followKeys = (file: string) => {
  const db = openCopyFile(file, LOCK_WAIT_MS)
  const copy = keyCopy(db)
  // Whoever was killed in between did not come to it.
  let cleaned = -1
  /** What was destroyed or wrapped anew, by this thread or another, is left neither in the file nor beside it. */
  const clean = (): void => {
    const writtenOver = copy.writtenOver()
    if (writtenOver === cleaned) return
    db.pragma(`busy_timeout = ${CLEAN_WAIT_MS}`)
    const [checkpoint] = db.pragma('wal_checkpoint(TRUNCATE)') as readonly { busy: number }[]
    db.pragma(`busy_timeout = ${LOCK_WAIT_MS}`)
    if (checkpoint?.busy === 0) cleaned = writtenOver
  }
  clean()
  const timer = setInterval(clean, CLEAN_AGAIN_MS).unref()
  return {
    async fill(connection: Connection, signal: AbortSignal): Promise<void> {
      await fillKeys(connection, copy, signal)
      clean()
    },
    take(events: readonly RecordedEvent[], position: bigint): void {
      const facts = events.flatMap((event) => toFact(event) ?? [])
      if (facts.length > 0 || position > copy.position() + NOTED_EVERY) copy.take(facts, position)
      clean()
    },
    close(): void {
      clearInterval(timer)
      db.close()
    },
  }
}
