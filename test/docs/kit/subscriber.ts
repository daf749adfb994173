import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { freePort } from '#test/kit/free-port.ts'

const PROGRAM = fileURLToPath(new URL('../../../docs/examples/subscriber/subscriber.mjs', import.meta.url))

export type Subscriber = {
  readonly url: string
  /** What it said so far: of the events that it took, and of everything else. */
  readonly said: readonly string[]
  readonly complained: readonly string[]
  kill(): Promise<void>
  /** The code it ended with by itself. */
  readonly ended: Promise<number | null>
}

type Options = {
  readonly dir: string
  readonly secret: string
  readonly feedUrl: string
  readonly apiKey: string
  readonly holeSeconds?: number
  /** A free one unless it is to be the same again. */
  readonly port?: number
  /** A module that is loaded before it. */
  readonly preload?: string
}

export const stateFile = (dir: string): string => join(dir, 'taken.jsonl')

/** The example of docs/examples as its own process. Resolves when it takes webhooks, or has ended. */
export const startSubscriber = async (t: Test, options: Options): Promise<Subscriber> => {
  const { dir, secret, feedUrl, apiKey, holeSeconds = 0.2, preload } = options
  const port = options.port ?? (await freePort())
  const child = spawn(process.execPath, [...(preload ? ['--import', preload] : []), PROGRAM], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PORT: String(port),
      WEBHOOK_SECRET: secret,
      FEED_URL: feedUrl,
      API_KEY: apiKey,
      STATE_FILE: stateFile(dir),
      HOLE_SECONDS: String(holeSeconds),
    },
  })
  const exit = once(child, 'close')
  const [said, complained]: [string[], string[]] = [[], []]
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line))
  createInterface({ input: child.stderr }).on('line', (line) => complained.push(line))
  const kill = async () => {
    child.kill('SIGKILL')
    await exit
  }
  t.teardown(kill)
  const isUp = () => complained.some((line) => line.startsWith('listening')) || child.exitCode !== null
  await until(isUp)
  return {
    url: `http://127.0.0.1:${port}/`,
    said,
    complained,
    kill,
    ended: exit.then(([code]) => code),
  }
}

/** The sequences in its file, in the order in which they were taken; a torn last line is left out. */
export const takenIn = (dir: string): readonly number[] => {
  if (!existsSync(stateFile(dir))) return []
  const lines = readFileSync(stateFile(dir), 'utf8').split('\n').slice(0, -1)
  return lines.flatMap((line) => JSON.parse(line).event ?? []).map(({ sequence }) => Number(sequence))
}

export const until = async (isSo: () => boolean, ms = 20_000): Promise<void> => {
  const end = Date.now() + ms
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms`)
    await pause(10)
  }
}
