import { appendAge } from './append-age.ts'
import { appendSingle } from './append-single.ts'
import { appendVsEmmettPostgresql } from './append-vs-emmett-postgresql.ts'
import { appendVsEmmettSqlite } from './append-vs-emmett-sqlite.ts'
import { appendVsPostgres } from './append-vs-postgres.ts'
import { appendWhole } from './append-whole.ts'
import { asofFamily } from './asof-family.ts'
import { deliverP50, deliverP99 } from './deliver-lag.ts'
import { deliverWhole } from './deliver-whole.ts'
import { esdbAppend } from './esdb-append.ts'
import { esdbCatchUp } from './esdb-catch-up.ts'
import { followLag } from './follow-lag.ts'
import { httpCommand } from './http-command.ts'
import { httpLoop } from './http-loop.ts'
import type { Bench } from './kit/bench.ts'
import { rebuildAll } from './rebuild-all.ts'
import { rebuildVsEmmett } from './rebuild-vs-emmett.ts'
import { timelineLong } from './timeline-long.ts'
import { timelineRead } from './timeline-read.ts'
import { timelineWalls } from './timeline-walls.ts'

/** Every promise about speed that is measured here. A bench joins by adding its line. */
export const benches: readonly Bench[] = [
  appendWhole,
  appendSingle,
  appendAge,
  appendVsPostgres,
  appendVsEmmettPostgresql,
  appendVsEmmettSqlite,
  httpCommand,
  httpLoop,
  timelineRead,
  timelineWalls,
  timelineLong,
  asofFamily,
  rebuildAll,
  rebuildVsEmmett,
  followLag,
  deliverWhole,
  deliverP50,
  deliverP99,
  esdbAppend,
  esdbCatchUp,
]
