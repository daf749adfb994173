import { Worker } from 'node:worker_threads'

/** Starts a worker thread from a `.ts` file, however this process itself was started. `data` is its `workerData`. */
export const startThread = (entry: URL, data: unknown): Worker =>
  new Worker(new URL('./entry.mjs', import.meta.url), { argv: [entry.href], workerData: data, execArgv: [] })
