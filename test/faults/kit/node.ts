import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../../bin/tsunagi.mjs', import.meta.url))

type Line = { readonly level: number; readonly msg: string; readonly [field: string]: unknown }

/** A node of a cluster as whoever runs it sees it: a process that is started again when it ends. */
export type Node = {
  readonly name: string
  readonly dataDir: string
  readonly origin: string
  readonly environment: Readonly<Record<string, string>>
  pid(): number | undefined
  /** It has opened its door and has not been killed since. */
  isOpen(): boolean
  /** It is to run from now on. */
  start(): void
  /** Its machine is gone, until `start`. */
  kill(): Promise<void>
  /** In order. @returns its exit code */
  stop(): Promise<number | null>
  freeze(): void
  thaw(): void
  /** What `/readyz` answers: the status code, and `none` for no answer. */
  readiness(): Promise<{ readonly code: number; readonly status: string }>
  isReady(): Promise<boolean>
  /** Every line of its log, of all its lives. */
  readonly logged: readonly Line[]
  /** What it said otherwise. */
  readonly noted: readonly string[]
  /** How often it ended without being told to, after it had opened its door. */
  crashes(): number
}

const ANSWER_MS = 5_000
/** As a container that is restarted. */
const RESTART_MS = 500

export const nodeProcess = (
  name: string,
  port: number,
  environment: Readonly<Record<string, string>> & { readonly DATA_DIR: string },
  command = 'serve',
): Node => {
  const origin = `http://127.0.0.1:${port}`
  const logged: Line[] = []
  const noted: string[] = []
  let child: ChildProcess | undefined
  let isWanted = false
  let isOpen = false
  let crashes = 0

  const hear = (text: string): void => {
    const line = lineOf(text)
    if (!line) {
      if (text !== '') noted.push(text)
      return
    }
    logged.push(line)
    if (/^listening on|^working without/.test(line.msg)) isOpen = true
  }
  const launch = (): void => {
    isOpen = false
    const started = spawn(process.execPath, [BIN, command], {
      env: { PATH: process.env.PATH ?? '', ...environment, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = started
    createInterface({ input: started.stdout }).on('line', hear)
    createInterface({ input: started.stderr }).on('line', hear)
    started.once('exit', () => {
      if (child !== started || !isWanted) return
      if (isOpen) crashes += 1
      setTimeout(() => {
        if (isWanted && child === started) launch()
      }, RESTART_MS)
    })
  }
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    isWanted = false
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
    return child.exitCode
  }
  const readiness = async () => {
    try {
      const answer = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) })
      const { status } = (await answer.json()) as { status: string }
      return { code: answer.status, status }
    } catch {
      return { code: 0, status: 'none' }
    }
  }
  process.once('exit', () => void child?.kill('SIGKILL'))

  return {
    name,
    dataDir: environment.DATA_DIR,
    origin,
    environment,
    logged,
    noted,
    pid: () => child?.pid,
    isOpen: () => isOpen && isWanted,
    start() {
      if (isWanted) return
      isWanted = true
      launch()
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    readiness,
    isReady: async () => (await readiness()).code === 200,
    crashes: () => crashes,
  }
}

const lineOf = (text: string): Line | undefined => {
  try {
    const line: unknown = JSON.parse(text)
    return typeof line === 'object' && line !== null && 'msg' in line ? (line as Line) : undefined
  } catch {
    return undefined
  }
}

/** Fails when it does not come true within `ms`. */
export const eventually = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 120_000,
): Promise<number> => {
  const start = performance.now()
  while (!(await holds())) {
    if (performance.now() - start > ms) throw new Error(`not within ${ms} ms: ${what}`)
    await pause(50)
  }
  return performance.now() - start
}
