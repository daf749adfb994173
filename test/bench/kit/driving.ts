import type { ChildProcess } from 'node:child_process'
import type { Size } from './bench.ts'
import type { Answered, Load } from './load.ts'
import { gone, nextMessage, startProgram } from './process.ts'

/** A server in a process of its own, ready to be asked. */
export type Server = { readonly address: string; readonly token: string; readonly program: ChildProcess }

export const startServer = async (
  script: './server.ts' | './plain-server.ts' | './unwalled-server.ts',
  ...args: readonly string[]
): Promise<Server> => {
  const profile = process.execArgv.filter((option) => option.startsWith('--cpu-prof'))
  const program = startProgram(new URL(script, import.meta.url), args, profile)
  const { address, token } = await nextMessage<{ address: string; token: string }>(program)
  return { address, token, program }
}

export const stopServer = async ({ program }: Server): Promise<void> => {
  program.send('stop')
  await gone(program)
}

type Questions = Pick<Load, 'connections' | 'status'> &
  ({ visitsOf: readonly string[] } | { paths: readonly string[] })

/** Requests a second, once warm; `whenWarm` is told when that is. */
export const drive = async (
  { address, token }: Server,
  { seconds, warmUp }: Size,
  questions: Questions,
  whenWarm?: () => void,
): Promise<number> => {
  const load = startProgram(new URL('./load.ts', import.meta.url), [])
  load.send({ address, token, seconds, warmUp, ...questions } satisfies Load)
  try {
    await nextMessage<'warm'>(load)
    whenWarm?.()
    const { perSecond } = await nextMessage<Answered>(load)
    return perSecond
  } finally {
    load.kill()
  }
}
