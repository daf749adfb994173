import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Verdict } from '#src/projector/verify.ts'
import type { Node } from './node.ts'

const BIN = fileURLToPath(new URL('../../../bin/tsunagi.mjs', import.meta.url))

/** What the program itself says from the command line about a node's directory. */
export const tsunagi = async (
  { environment }: Pick<Node, 'environment'>,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> => {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(child, 'close')
  return { code: child.exitCode, out, err }
}

/** Fingerprints of a node's views, and of the same built anew. */
export const verdictsOn = async (node: Node): Promise<readonly Verdict[]> => {
  const { out, err } = await tsunagi(node, 'verify', '--json')
  const lines = out.trim().split('\n').filter(Boolean)
  if (lines.length === 0) throw new Error(`verify says nothing: ${err}`)
  return lines.map((line) => JSON.parse(line) as Verdict)
}
