import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue } from 'bullmq'
import { uuidV7 } from '#src/write/command-id.ts'
import { freePort } from '#test/kit/free-port.ts'
import type { Size } from './bench.ts'
import { gone, nextMessage, startProgram } from './process.ts'

const CALLERS = 64
const JOBS_A_SECOND = 5_000

export const missingRedis = async (): Promise<string | undefined> =>
  spawnSync('redis-server', ['--version']).status === 0 ? undefined : 'redis-server is not installed'

/** Jobs as small as a webhook that is due, added by 64 callers and taken by a worker that does nothing, from the first `add` to the last one taken. */
export const bareJobsPerSecond = async (size: Size): Promise<number> => {
  const port = await freePort()
  const redis = await startRedis(port, size.dir)
  const worker = startProgram(new URL('./bare-worker.ts', import.meta.url), [String(port)])
  await nextMessage<'ready'>(worker)
  const queue = new Queue('bare', {
    connection: { host: '127.0.0.1', port },
    defaultJobOptions: { removeOnComplete: true },
  })
  try {
    await jobsPerSecond(queue, worker, Math.ceil(size.warmUp * JOBS_A_SECOND) / 2)
    return await jobsPerSecond(queue, worker, Math.ceil(size.seconds * JOBS_A_SECOND))
  } finally {
    worker.send('stop')
    await gone(worker)
    await queue.close()
    redis.kill()
  }
}

const jobsPerSecond = async (queue: Queue, worker: ChildProcess, count: number): Promise<number> => {
  worker.send({ expect: count })
  const taken = nextMessage<{ lastAt: number }>(worker)
  const begunAt = performance.timeOrigin + performance.now()
  let added = 0
  const caller = async () => {
    while (added++ < count)
      await queue.add('attempt', {
        ...{ subscription: uuidV7(), run: 0, sequence: added, looked: added, position: '1', attempt: 1 },
      })
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return (count * 1_000) / ((await taken).lastAt - begunAt)
}

/** Nothing is kept on a disk: as fast as it gets. */
const startRedis = async (port: number, dir: string): Promise<ChildProcess> => {
  const args = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--dir',
    dir,
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  const server = spawn('redis-server', args, { stdio: 'ignore' })
  process.once('exit', () => void server.kill('SIGKILL'))
  await once(server, 'spawn')
  while (!(await isListening(port))) await sleep(20)
  return server
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
