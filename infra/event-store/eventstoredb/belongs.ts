import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AllStreamResolvedEvent } from '@eventstore/db-client'
import type { Connection } from '#infra/eventstoredb/connection.ts'
import { answerIn } from '#infra/eventstoredb/errors.ts'
import { logIdentity } from '#infra/eventstoredb/identity.ts'
import { LogDiffers } from '../log-differs.ts'
import { IDENTITY } from './identity-file.ts'
import { openReplicaFile } from './replica/file.ts'

/**
 * Looks whether the directory's copies come from the server's log, and whether the server still has the newest event that this
 * node has seen: a server that was restored from an older backup has lost what was acknowledged since.
 * @returns the log's name
 * @throws LogDiffers
 */
export const refuseOtherLog = async (connection: Connection, replicaFile: string): Promise<string> => {
  const identityFile = join(dirname(replicaFile), IDENTITY)
  const identity = await logIdentity(connection)
  const known = (existsSync(identityFile) && readFileSync(identityFile, 'utf8').trim()) || undefined
  if (known !== undefined && known !== identity)
    throw new LogDiffers(
      `${identityFile} says that this directory belongs to the log ${known}, and the server holds ${identity}: use the directory of that log, or an empty one`,
    )
  if (existsSync(replicaFile)) {
    const file = openReplicaFile(replicaFile)
    const newest = file.newest()
    file.close()
    if (newest && (await idAt(connection, newest.position)) !== newest.id)
      throw new LogDiffers(
        `this node has seen the log up to position ${newest.position} (event ${newest.id}), and the server has no such event there: was it restored from an older backup? What is missing is in ${replicaFile} (docs/operations.md)`,
      )
  }
  if (known === undefined) remember(identityFile, identity)
  return identity
}

/** In one step: another process that begins in the same directory never sees half of it. */
const remember = (file: string, identity: string): void => {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${identity}\n`, { mode: 0o600 })
  renameSync(draft, file)
}

const idAt = async (connection: Connection, position: bigint): Promise<string | undefined> => {
  try {
    const [found] = await connection.read<AllStreamResolvedEvent>((client) =>
      client.readAll({
        fromPosition: { commit: position, prepare: position },
        maxCount: 1,
        requiresLeader: true,
      }),
    )
    return found?.event?.id
  } catch (error) {
    // No event begins there.
    if (answerIn(error) === 'invalid') return undefined
    throw error
  }
}
