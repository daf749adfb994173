import type Database from 'better-sqlite3'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'

const SCHEMA_VERSION = 1

const COLUMNS = `
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    id BLOB NOT NULL,
    type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    metadata TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (stream, version)`

const SCHEMA = `
  CREATE TABLE event (${COLUMNS},
    UNIQUE (id)
  ) STRICT;
  CREATE TRIGGER event_is_never_edited BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'an event is never edited'); END;
  CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END;
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/** A copy holds what the other log holds: whether an id stands there twice is not for the copy to say. */
const SCHEMA_OF_COPY = `
  CREATE TABLE event (${COLUMNS}
  ) STRICT;
  CREATE INDEX event_id ON event (id);
  CREATE TABLE copy (one INTEGER PRIMARY KEY CHECK (one = 1), goal INTEGER NOT NULL) STRICT;
  INSERT INTO copy VALUES (1, ${Number.MAX_SAFE_INTEGER});
  PRAGMA user_version = ${SCHEMA_VERSION};
`

const schemaOf = (db: Database.Database): number => Number(db.pragma('user_version', { simple: true }))

export const bringToSchema = (db: Database.Database, of: 'log' | 'copy' = 'log'): void => {
  db.transaction(() => {
    if (schemaOf(db) === 0) db.exec(of === 'log' ? SCHEMA : SCHEMA_OF_COPY)
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
