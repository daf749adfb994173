import { parentPort, workerData } from 'node:worker_threads'
import type { FromWriter, ToWriter, WriterOptions } from '#infra/event-store/sqlite/messages.ts'

/** A writer thread that fails at its first batch, in the way its file name says; a doubting one would go on afterwards. */
const { file } = workerData as WriterOptions
let failures = 0
const tell = (message: FromWriter) => parentPort?.postMessage(message)

parentPort?.on('message', (message: ToWriter) => {
  if (message === 'close') parentPort?.close()
  else if (file === 'dying') throw new Error('out of luck')
  else if (failures++ === 0) tell({ failed: 'the disk is gone', final: true })
  else tell(message.batch.map(() => ({ version: 1, position: 1 })))
})
tell('open')
