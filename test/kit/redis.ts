import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { openRedis, type RedisConnection } from '#infra/redis/connection.ts'
import { freePort } from './free-port.ts'

const isInstalled = spawnSync('redis-server', ['--version']).status === 0
/** Said to a newcomer, and a failure where everything must run. */
export const noRedis = !isInstalled && process.env.CI !== 'true' && 'redis-server is not installed'

/** A server of the test's own that everything may be done to. */
export type TestRedis = {
  readonly url: string
  /** The node it runs on is gone. */
  kill(): Promise<void>
  /** On the same port and directory; resolves when it answers. */
  restart(): Promise<void>
  /** It still takes connections, and answers nothing. */
  freeze(): void
  thaw(): void
  flush(): Promise<void>
  stop(): Promise<void>
}

/** `keeps`: what it was told is on its disk before it answers; otherwise it forgets everything with its process. */
export const startRedis = async (t: Test, { keeps = false } = {}): Promise<TestRedis> => {
  const dir = mkdtempSync(join(tmpdir(), 'tsunagi-redis-'))
  const port = await freePort()
  let server: ChildProcess | undefined
  const kill = async () => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const gone = once(server, 'exit')
    server.kill('SIGKILL')
    await gone
  }
  const start = async () => {
    const keeping = keeps ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
    const where = ['--bind', '127.0.0.1', '--port', String(port), '--dir', dir]
    server = spawn('redis-server', [...where, '--save', '', ...keeping], { stdio: 'ignore' })
    await once(server, 'spawn')
    for (let tries = 0; ; tries++) {
      if ((await askAt(port, 'PING').catch(() => '')) === '+PONG') return
      if (tries > 500 || server.exitCode !== null) throw new Error('redis-server does not answer')
      await pause(20)
    }
  }
  // However the test ends.
  const killAtExit = () => void server?.kill('SIGKILL')
  process.once('exit', killAtExit)
  const stop = async () => {
    await kill()
    process.off('exit', killAtExit)
    rmSync(dir, { recursive: true, force: true })
  }
  t.teardown(stop)
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    restart: () => kill().then(start),
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    async flush() {
      await askAt(port, 'FLUSHALL')
    },
    stop,
  }
}

export const silentLog = { info: () => undefined, warn: () => undefined }

/** A node's own connection, closed with the test. */
export const connectTo = async (t: Test, { url }: TestRedis, answerMs = 300): Promise<RedisConnection> => {
  const connection = openRedis(url, silentLog, answerMs)
  t.teardown(() => connection.close())
  await until(connection.isUp, 'connected')
  return connection
}

/** Fails the test when it does not come true. */
export const until = async (holds: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  for (const end = performance.now() + 30_000; !(await holds()); await pause(10))
    if (performance.now() > end) throw new Error(`never: ${what}`)
}

const askAt = (port: number, command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`))
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')))
    socket.once('data', (answer) => {
      resolve(answer.toString().split('\r\n')[0] ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
    // Killed between the question and the answer, it says goodbye without an error.
    socket.once('close', () => reject(new Error('no answer')))
  })
