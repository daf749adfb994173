import { parentPort, workerData } from 'node:worker_threads'
import { connect } from '#infra/eventstoredb/connection.ts'
import { followKeys } from '#infra/keys/shared/follow.ts'
import { openReplicaFile } from './file.ts'
import type { FromReplica, ReplicaOptions, ToReplica } from './messages.ts'
import { replicate } from './replicate.ts'

/** The thread that copies: with a client of its own, which never appends. */
const port = parentPort
if (!port) throw new Error('the replica runs as a worker thread')
const { url, file: path, keyFile, attemptMs, watchMs } = workerData as ReplicaOptions
const tell = (message: FromReplica) => port.postMessage(message)
const say = (text: string, fields: Readonly<Record<string, unknown>>) => tell({ kind: 'say', text, fields })

const connection = connect({ url, say, ...(attemptMs !== undefined && { attemptMs }) })
const file = openReplicaFile(path)
const beside = keyFile === undefined ? undefined : followKeys(keyFile)
const stopping = new AbortController()
port.on('message', (message: ToReplica) => {
  if (message !== 'stop') return
  stopping.abort()
  // A question that the server has not answered is not waited for.
  void connection.close()
})
tell({ kind: 'at', position: file.newest()?.position ?? 0n })
await replicate({
  connection,
  file,
  beside,
  signal: stopping.signal,
  say,
  committed: (position) => tell({ kind: 'at', position }),
  aimed: (position) => tell({ kind: 'goal', position }),
  ...(watchMs !== undefined && { watchMs }),
})
await connection.close()
file.close()
beside?.close()
port.close()
