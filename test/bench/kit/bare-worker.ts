import { Worker } from 'bullmq'

/** Takes jobs and does nothing: `bare-worker.ts <port>`. Tells when it has had as many as it was told to expect. */
const [port] = process.argv.slice(2)
let expected = 0
let had = 0
const worker = new Worker(
  'bare',
  async () => {
    had += 1
    if (had !== expected) return
    had = 0
    process.send?.({ lastAt: performance.timeOrigin + performance.now() })
  },
  {
    connection: { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null },
    concurrency: 64,
    removeOnComplete: { count: 0 },
  },
)
await worker.waitUntilReady()
process.on('message', (message: { expect: number } | 'stop') => {
  if (message === 'stop') void worker.close().then(() => process.disconnect?.())
  else expected = message.expect
})
process.send?.('ready')
