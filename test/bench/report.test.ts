import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)
const main = fileURLToPath(new URL('./main.ts', import.meta.url))

const FIELDS = [
  'name',
  'value',
  'unit',
  'against',
  'againstValue',
  'ratio',
  'target',
  'n',
  'min',
  'max',
  'durability',
]

t.test('a measurement says what was measured, against what, how often and how safe it was', async (t) => {
  const args = ['--import', 'tsx', main, 'rebuild.all', '--quick', '--json']
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, BENCH_DIR: t.testdir() } })
  const line = JSON.parse(stdout) as Record<string, unknown>

  t.strictSame(Object.keys(line), FIELDS)
  for (const name of ['name', 'unit', 'against', 'target', 'durability'])
    t.type(line[name], 'string', `${name} is a text`)
  for (const name of ['value', 'againstValue', 'ratio', 'n', 'min', 'max'])
    t.type(line[name], 'number', `${name} is a number`)
  t.match(String(line.durability), /probe \d+ fdatasync\/s$/, 'the disk was probed')
})
