import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Child = {
  readonly process: ChildProcess
  /** Everything it said so far, a line each. */
  readonly said: readonly string[]
  /** Resolves when it says a line that starts so; rejects when it ends without. */
  says(start: string): Promise<string>
  /** Resolves when it is gone and everything it said has arrived. */
  readonly gone: Promise<number | null>
}

/** Runs a TypeScript file of the kit in a process of its own, perhaps under another program. */
export const startChild = (
  script: string,
  args: readonly string[],
  under: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Child => {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const [program = '', ...rest] = [...under, process.execPath, '--import', 'tsx', file, ...args]
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
  })
  const said: string[] = []
  const listeners = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line)
    for (const listener of listeners) listener()
  })
  const gone = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return {
    process: child,
    said,
    gone,
    says: (start) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const line = said.find((one) => one.startsWith(start))
          if (line === undefined) return
          listeners.delete(look)
          resolve(line)
        }
        listeners.add(look)
        look()
        void gone.then(() => reject(new Error(`it ended without saying "${start}": ${said.at(-1)}`)))
      }),
  }
}

/** Ids of the acknowledged events in what a child of `appending.ts` said. */
export const acknowledged = (said: readonly string[]): readonly string[] =>
  said.filter((line) => line.startsWith('acknowledged ')).flatMap((line) => line.split(' ').slice(1))
