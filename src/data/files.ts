import { join } from 'node:path'
import { IDENTITY } from '#infra/event-store/eventstoredb/identity-file.ts'
import { type Engine, isCluster } from './engine.ts'

/** The log itself, or the copy of it that a cluster's node keeps: the same to whoever reads. */
export const eventLogFile = (dataDir: string, engine: Engine = 'sqlite'): string =>
  join(dataDir, isCluster(engine) ? 'replica.db' : 'events.db')
export const readModelFile = (dataDir: string): string => join(dataDir, 'read-models.db')
export const processesFile = (dataDir: string): string => join(dataDir, 'processes.db')
/** Of which cluster's log this directory holds copies. */
export const logIdentityFile = (dataDir: string): string => join(dataDir, IDENTITY)
export const devIssuerFile = (dataDir: string): string => join(dataDir, 'dev-issuer.pem')
/** Which position an event of a log that was moved had before, and whether the move is over. */
export const positionsFile = (dataDir: string): string => join(dataDir, 'positions.db')
