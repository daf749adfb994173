import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const WITHOUT_OPTIONS = { NODE_OPTIONS: '' }

/** Runs a TypeScript file of the benches beside us; it talks through messages, and its complaints are ours. */
export const startProgram = (
  file: URL,
  args: readonly string[],
  nodeArgs: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess =>
  spawn(process.execPath, [...nodeArgs, '--import', 'tsx', fileURLToPath(file), ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...WITHOUT_OPTIONS, ...environment },
  })

/** Its next message; rejects when it ends before that. */
export const nextMessage = async <T>(program: ChildProcess): Promise<T> => {
  const over = new AbortController()
  const message = once(program, 'message', { signal: over.signal }).then(([said]) => said as T)
  const end = once(program, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`it ended with ${code} before it said anything`)
  })
  try {
    return await Promise.race([message, end])
  } finally {
    over.abort()
    await Promise.allSettled([message, end])
  }
}

export const gone = async (program: ChildProcess): Promise<void> => {
  if (program.exitCode === null && program.signalCode === null) await once(program, 'exit')
}
