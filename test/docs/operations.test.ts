import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { textOf } from './compose-file.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const sources = ['src', 'infra'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8')),
)
const isSaid = (line: string) => sources.some((source) => source.includes(`'${line}'`))

const page = textOf('docs/operations.md')
const [, table = ''] = page.split('| log line (`msg`)')
const lines = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `([^`]+)` \|/gm)].map(([, line = '']) => line)

t.test('the log lines of docs/operations.md are what the program says', async (t) => {
  t.ok(lines.length > 15, `${lines.length} lines`)
  t.strictSame(
    lines.filter((line) => !isSaid(line)),
    [],
  )
  t.notOk(isSaid('the projector has gone home'), 'what nobody says is seen')
})

t.test('whatever is fatal stands in docs/operations.md', async (t) => {
  const fatal = sources.flatMap((source) =>
    [...source.matchAll(/log\.fatal\(\s*\{[^}]*\},\s*'([^']+)'/g)].map(([, line = '']) => line),
  )
  t.ok(fatal.length > 3, `${fatal.length} lines`)
  t.strictSame(
    fatal.filter((line) => !page.includes(`\`${line}\``)),
    [],
  )
})
