import { existsSync, mkdirSync } from 'node:fs'
import Database from 'better-sqlite3'
import { openLogAlone } from '#infra/event-store/sqlite/alone.ts'
import { readKeys } from '#infra/keys/kept-keys.ts'
import { putKeysIntoFile } from '#infra/keys/move-into-file.ts'
import { checkpointIn } from '#infra/process-journal/sqlite.ts'
import { eventLogFile, processesFile, readModelFile } from '#src/data/files.ts'
import { keyFile } from '#src/data/keys.ts'
import type { House } from './house.ts'
import { NotMoved } from './not-moved.ts'

/** @throws NotMoved, StoreUnavailable  there is nothing to move, or somebody has it open */
export const embeddedSource = (dataDir: string): House => {
  for (const file of [eventLogFile(dataDir), keyFile(dataDir)])
    if (!existsSync(file))
      throw new NotMoved(`there is no ${file}: a log is moved with its keys, or not at all`)
  return embeddedHouse(dataDir, false)
}

export const embeddedTarget = (dataDir: string): House => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const isNew = !existsSync(eventLogFile(dataDir))
  const left = [readModelFile(dataDir), processesFile(dataDir), eventLogFile(dataDir, 'esdb://')].find(
    existsSync,
  )
  if (isNew && left !== undefined) throw new NotMoved(`${left} is another log’s: choose an empty directory`)
  return embeddedHouse(dataDir, true)
}

const embeddedHouse = (dataDir: string, create: boolean): House => {
  const log = openLogAlone(eventLogFile(dataDir), { create })
  const file = keyFile(dataDir)
  return {
    name: dataDir,
    head: async () => log.head(),
    after: async (position, limit) => log.after(position, limit),
    append: async (events) => log.append(events),
    async keys() {
      if (!existsSync(file)) return undefined
      const db = new Database(file, { readonly: true, timeout: 5_000 })
      try {
        return readKeys(db)
      } finally {
        db.close()
      }
    },
    async takeKeys(keys, step) {
      putKeysIntoFile(file, keys)
      step(keys.keys.length, keys.keys.length)
    },
    gaps: log.gaps,
    followedUpTo: async () => checkpointIn(processesFile(dataDir)),
    // Its checkpoint stands with its deadlines, which come along or are found again (`near.ts`).
    noteFollowedUpTo: async () => undefined,
    close: async () => log.close(),
  }
}
