import type Database from 'better-sqlite3'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'

const SCHEMA_VERSION = 1

const SCHEMA = `
  CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    id BLOB NOT NULL,
    type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    metadata TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (stream, version),
    UNIQUE (id)
  ) STRICT;
  CREATE TRIGGER event_is_never_edited BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'an event is never edited'); END;
  CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END;
  PRAGMA user_version = ${SCHEMA_VERSION};
`

const schemaOf = (db: Database.Database): number => Number(db.pragma('user_version', { simple: true }))

export const bringToSchema = (db: Database.Database): void => {
  db.transaction(() => {
    if (schemaOf(db) === 0) db.exec(SCHEMA)
  }).immediate()
  refuseOtherSchema(db)
}

export const refuseOtherSchema = (db: Database.Database): void => {
  const found = schemaOf(db)
  if (found > SCHEMA_VERSION)
    throw new StoreUnavailable(
      `the log has schema ${found}, this program knows ${SCHEMA_VERSION}: it was written by a newer version`,
    )
  if (found < SCHEMA_VERSION) throw new StoreUnavailable('there is no log in this file yet')
}
