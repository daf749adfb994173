import { mkdirSync } from 'node:fs'
import { refuseOtherLog } from '#infra/event-store/eventstoredb/belongs.ts'
import { wholeLog } from '#infra/event-store/eventstoredb/whole-log.ts'
import { type Checkpoint, checkpointOf } from '#infra/eventstoredb/checkpoint.ts'
import { connect } from '#infra/eventstoredb/connection.ts'
import type { KeyEncryptionKeys } from '#infra/keys/kept-keys.ts'
import { keysOnCluster, moveKeysToCluster } from '#infra/keys/shared/move-in.ts'
import { eventLogFile } from '#src/data/files.ts'
import { keyFile } from '#src/data/keys.ts'
import type { Log } from '#src/log.ts'
import type { House } from './house.ts'
import { NotMoved } from './not-moved.ts'

export type ClusterHouse = House & {
  /** So that no node goes over erasures again that were carried out on these keys before they were moved. */
  noteErasedUpTo(position: bigint): Promise<void>
}

/** `directory`: of the node whose copies go with it; none where only the server is asked. */
export const clusterHouse = (options: {
  readonly url: string
  readonly directory: string | undefined
  readonly keks: KeyEncryptionKeys
  readonly log: Log
}): ClusterHouse => {
  const { url, directory, keks, log } = options
  const connection = connect({ url, say: (text, fields) => log.warn(fields, text) })
  const { head, after, append } = wholeLog(connection)
  const [processes, erasures] = [checkpointOf(connection, 'processes'), checkpointOf(connection, 'erasures')]
  const note = (checkpoint: Checkpoint) => async (position: bigint) => {
    if (position > (await checkpoint.read())) await checkpoint.write(position)
  }
  return {
    name: nameOf(url),
    head,
    after,
    async append(events) {
      const refused = await append(events)
      if (refused)
        throw new NotMoved(
          `${refused.stream} is no longer at version ${refused.version - 1} in ${nameOf(url)}: somebody else writes there`,
        )
    },
    keys: () => keysOnCluster(connection),
    async takeKeys(from, step) {
      if (directory === undefined) throw new Error('a node’s directory is needed')
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      await refuseOtherLog(connection, eventLogFile(directory, 'esdb://'))
      await moveKeysToCluster({ ...keks, connection, file: keyFile(directory), from, step })
    },
    gaps: () => [],
    followedUpTo: processes.read,
    noteFollowedUpTo: note(processes),
    noteErasedUpTo: note(erasures),
    close: connection.close,
  }
}

const nameOf = (url: string): string => url.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/, '')
