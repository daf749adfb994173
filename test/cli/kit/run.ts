import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const BIN = fileURLToPath(new URL('../../../bin/tsunagi.mjs', import.meta.url))

export type Environment = Readonly<Record<string, string>>

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

/** The program itself, in a process of its own, with nothing in its environment but what is said. */
export const start = (t: Test, args: readonly string[], env: Environment = {}) => {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => void child.kill('SIGKILL'))
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  return { child, said }
}

export const run = async (t: Test, args: readonly string[], env: Environment = {}): Promise<Ran> => {
  const { child, said } = start(t, args, env)
  await once(child, 'close')
  return { code: child.exitCode, ...said }
}

/** Resolves with the match as soon as the program has said it. */
export const until = (
  said: { readonly out: string; readonly err: string },
  child: ChildProcess,
  what: RegExp,
): Promise<RegExpExecArray> =>
  new Promise((resolve, reject) => {
    const look = () => {
      const found = what.exec(said.out) ?? what.exec(said.err)
      if (found) done(() => resolve(found))
    }
    const gone = () => done(() => reject(new Error(`it ended without ${what}: ${said.out}${said.err}`)))
    const timer = setInterval(look, 20)
    const done = (settle: () => void) => {
      clearInterval(timer)
      child.off('close', gone)
      settle()
    }
    child.on('close', gone)
    look()
  })

export const served = async (t: Test, env: Environment) => {
  const { child, said } = start(t, ['serve'], { AUTH_MODE: 'dev', PORT: '0', ...env })
  const [, address = ''] = await until(said, child, /listening on (http:[^"\s]+)/)
  return {
    address,
    child,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'close')
      return child.exitCode
    },
  }
}

/** No command tells a person where in our code something went wrong. */
export const saysItInOneLine = (t: Test, { code, err }: Ran, what: RegExp): void => {
  t.equal(code, 1)
  t.match(err, what)
  t.notMatch(err, /\n\s+at /, 'no stack trace')
}
