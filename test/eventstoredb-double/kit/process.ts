import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Method } from '../calls.ts'
import { type DoubleOptions, urlOf } from '../double.ts'
import type { Misbehave } from '../misbehave.ts'

type Run = { readonly child: ChildProcess; readonly lines: Interface; readonly gone: Promise<unknown> }

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

const launch = async (
  port: number,
  { dataFile, ...options }: DoubleOptions,
): Promise<Run & { port: number }> => {
  const data = dataFile === undefined ? [] : ['--data', dataFile]
  const args = ['--port', String(port), ...data, '--options', JSON.stringify(options)]
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  // Commands to a child that was killed go nowhere.
  child.stdin.on('error', () => {})
  const gone = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [line] = await Promise.race([
    once(lines, 'line'),
    gone.then(() => Promise.reject(new Error('the double ended before it listened'))),
  ])
  const said: { port: number } = JSON.parse(String(line))
  return { child, lines, gone, port: said.port }
}

/** Asks in turn, so that the next line is the answer. */
const asker = () => {
  let asked = Promise.resolve<unknown>(undefined)
  let id = 0
  const ask = async <Answer>(
    { child, lines, gone }: Run,
    run: string,
    given: readonly unknown[],
  ): Promise<Answer> => {
    const answered = once(lines, 'line')
    child.stdin?.write(`${JSON.stringify({ id: ++id, run, given })}\n`)
    const [line] = await Promise.race([
      answered,
      gone.then(() => Promise.reject(new Error(`the double ended before "${run}"`))),
    ])
    const { answer, error }: { answer: Answer; error?: string } = JSON.parse(String(line))
    if (error !== undefined) throw new Error(error)
    return answer
  }
  return <Answer>(run: Run, name: string, given: readonly unknown[] = []): Promise<Answer> => {
    const answer = asked.then(() => ask<Answer>(run, name, given))
    asked = answer.catch(() => {})
    return answer
  }
}

/** The double in a process of its own, which can be killed, frozen, and started again at the same port. */
export const startDoubleProcess = async (options: DoubleOptions = {}) => {
  let run = await launch(options.port ?? 0, options)
  const { port } = run
  const ask = asker()

  const kill = async () => {
    run.child.kill('SIGKILL')
    await run.gone
  }
  return {
    port,
    url: urlOf(port, options.certificate),
    child: () => run.child,
    kill,
    /** Ends it in order. */
    async stop(): Promise<void> {
      run.child.stdin?.end()
      await run.gone
    },
    freeze: () => void run.child.kill('SIGSTOP'),
    thaw: () => void run.child.kill('SIGCONT'),
    /** Kills it if it still runs, and starts it at the same port and file. */
    async restart(): Promise<void> {
      await kill()
      run = await launch(port, options)
    },
    misbehave: <Name extends keyof Misbehave>(name: Name, ...given: Parameters<Misbehave[Name]>) =>
      ask<null>(run, name, given),
    openCalls: () => ask<readonly Method[]>(run, 'openCalls'),
    callsMade: () => ask<readonly Method[]>(run, 'callsMade'),
    appendsSeen: () => ask<number>(run, 'appendsSeen'),
    messagesPushed: () => ask<number>(run, 'messagesPushed'),
  }
}

export type DoubleProcess = Awaited<ReturnType<typeof startDoubleProcess>>
