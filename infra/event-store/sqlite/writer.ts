import { parentPort, workerData } from 'node:worker_threads'
import { checkpointer } from './checkpoint.ts'
import { CommitFailed, codeOf, committer, leavesDoubt } from './commit.ts'
import { openForWriting } from './connection.ts'
import { type FromWriter, monotonicMs, type ToWriter, type WriterOptions } from './messages.ts'

/** Fewer appends than this in such a time, and there is time for a checkpoint. */
const CALM_MS = 100
const CALM_APPENDS = 1_000

/** The writer thread: one batch, one transaction, one answer. */
const { file, lockWaitMs } = workerData as WriterOptions
const port = parentPort
if (!port) throw new Error('the writer runs as a worker thread')

const db = openForWriting(file, lockWaitMs)
const commit = committer(db)
const { underLoad, whenCalm } = checkpointer(db)
/** Why what the disk holds is no longer certain: from then on nothing is written or acknowledged. */
let doubt: string | undefined
let waits = lockWaitMs
let recentAppends = 0

const tell = (message: FromWriter) => port.postMessage(message)

/** A batch that waited behind a blocked one does not wait all over again. */
const waitNoLongerThan = (deadline: number) => {
  const left = deadline - monotonicMs()
  const wait = left > lockWaitMs / 2 ? lockWaitMs : Math.max(left, 1)
  if (wait === waits) return
  db.pragma(`busy_timeout = ${wait}`)
  waits = wait
}

const write = ({ batch, deadline }: Exclude<ToWriter, 'close'>): FromWriter => {
  if (doubt) return { failed: doubt, final: true }
  waitNoLongerThan(deadline)
  recentAppends += batch.length
  try {
    return commit(batch)
  } catch (error) {
    if (!(error instanceof CommitFailed)) throw error
    if (error.final) doubt = error.message
    return { failed: error.message, final: error.final }
  }
}

const checkpoint = (move: () => void) => {
  if (doubt) return
  try {
    move()
  } catch (error) {
    // Nothing is lost, the write-ahead log has it; later again, unless the disk can no longer be believed.
    if (leavesDoubt(codeOf(error))) doubt = `${codeOf(error)} at a checkpoint`
  }
}

const checkpoints = setInterval(() => {
  if (recentAppends < CALM_APPENDS) checkpoint(whenCalm)
  recentAppends = 0
}, CALM_MS)

port.on('message', (message: ToWriter) => {
  if (message !== 'close') {
    tell(write(message))
    checkpoint(underLoad)
    return
  }
  clearInterval(checkpoints)
  db.close()
  tell('closed')
  port.close()
})
tell('open')
