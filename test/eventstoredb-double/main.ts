import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startDouble } from './double.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    data: { type: 'string' },
    options: { type: 'string', default: '{}' },
  },
})

const double = await startDouble({
  port: Number(values.port),
  ...(values.data === undefined ? {} : { dataFile: values.data }),
  ...JSON.parse(values.options),
})

const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`)

const { misbehave, openCalls, callsMade, appendsSeen, messagesPushed } = double
const commands: Readonly<Record<string, (...given: never[]) => unknown>> = {
  ...misbehave,
  openCalls,
  callsMade,
  appendsSeen,
  messagesPushed,
}

const obey = (line: string): unknown => {
  const { id, run, given }: { id: number; run: string; given: unknown[] } = JSON.parse(line)
  const command = commands[run]
  if (!command) return { id, error: `no command "${run}"` }
  return { id, answer: Reflect.apply(command, undefined, given) ?? null }
}

// It lives as long as its stdin, so that a test that dies leaves no server behind.
createInterface({ input: process.stdin })
  .on('line', (line) => say(obey(line)))
  .once('close', () => void double.stop())

say({ port: double.port })
