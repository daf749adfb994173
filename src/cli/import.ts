import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { Command } from 'commander'
import type { z } from 'zod'
import { plainText } from '#domain/kernel/schema.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { staffBy } from '#src/access/principal.ts'
import { relationIn } from '#src/access/relation.ts'
import { batchLine, Line, type LineAnswer, MAX_LINE, type Sender } from '#src/http/batch.ts'
import { withTheLog } from '#src/http/persons-requests.ts'
import { type FieldError, type Problem, type ProblemCode, refusalTexts, titles } from '#src/http/problem.ts'
import { type System, startSystem } from '#src/system.ts'
import { fingerprint } from '#src/write/command-id.ts'
import { doorsOf } from '#src/write/commands.ts'
import { handler } from '#src/write/handle.ts'
import { type InputLine, linesOf } from '#src/write/lines.ts'
import { dataConfig, quietLog } from './open.ts'
import { note, print } from './terminal/output.ts'
import { type Progress, progressBar } from './terminal/progress.ts'
import { Unable } from './unable.ts'

type Options = { readonly staff?: string; readonly rejects?: string; readonly json?: true }

/**
 * There is no progress file: what has been imported is asked of the log, which alone knows. A line's key is its own or comes
 * from its content, so a run after a crash, on an edited file or into another DATA_DIR finds exactly what is there; finding
 * it costs a read and no write.
 */
export const importLines = new Command('import')
  .description(
    'Carry out the commands of an NDJSON file, one a line as in POST /v1/batch; may be run again at any time',
  )
  .argument(
    '<file>',
    'lines of { command, collection, id, data, idempotencyKey?, sourceSystem?, sourceRecordedAt?, staff? }',
  )
  .option('--staff <id>', 'who imports, for lines that name nobody in `staff`')
  .option(
    '--rejects <file>',
    'write the refused lines there, as they came: correct them and import that file',
  )
  .option('--json', 'the summary as JSON')
  .action(async (file: string, options: Options) => {
    const input = await open(file)
    const { size } = await input.stat()
    await input.close()
    const config = dataConfig()
    const system = await startSystem({
      dataDir: config.DATA_DIR,
      engine: config.EVENT_STORE,
      log: quietLog,
      keyEncryptionKey: config.KEY_ENCRYPTION_KEY,
      previousKeyEncryptionKey: config.KEY_ENCRYPTION_KEY_PREVIOUS,
      tickMs: 0,
    })
    const bar = progressBar('import (bytes)')
    try {
      const summary = await importFile({ file, size, options, system, bar })
      bar.end()
      await print(options.json ? JSON.stringify(summary) : inWords(summary))
      if (summary.refused > 0) process.exitCode = 1
    } finally {
      bar.end()
      await system.stop()
    }
  })

export type Summary = {
  readonly lines: number
  readonly imported: number
  readonly already: number
  readonly refused: number
}

type Import = {
  readonly file: string
  readonly size: number
  readonly options: Options
  readonly system: System
  readonly bar: Progress
}

const importFile = async ({ file, size, options, system, bar }: Import): Promise<Summary> => {
  const carryOut = await carrier(system, options.staff)
  const rejects =
    options.rejects === undefined ? undefined : createWriteStream(options.rejects, { mode: 0o600 })
  const count = { lines: 0, imported: 0, already: 0, refused: 0 }
  const refused = (line: InputLine, answer: LineAnswer) => {
    count.refused += 1
    note(`line ${line.number}: ${reasonOf(answer)}`)
    rejects?.write(Buffer.concat([line.bytes ?? Buffer.from('{"tooLong":true}'), Buffer.from('\n')]))
  }
  for await (const line of linesOf(createReadStream(file), MAX_LINE)) {
    count.lines += 1
    const answer = await carryOut(line)
    if (answer.status >= 400) refused(line, answer)
    else if (answer.replayed || isEmpty(answer.events)) count.already += 1
    else count.imported += 1
    bar.at(line.end, size)
  }
  if (rejects) await finished(rejects.end())
  return count
}

const ImportLine = Line.extend({ staff: plainText(64).optional() })
type ImportLine = z.output<typeof ImportLine>

const carrier = async (system: System, staffId: string | undefined) => {
  const handle = withTheLog(system, handler(system, relationIn(system)))
  const answer = batchLine({ handle }, doorsOf(lifecycles), refusalTexts(lifecycles), ImportLine)
  const staffMember = staffBy(system)
  const importer = staffId === undefined ? undefined : await staffMember(staffId)
  if (staffId !== undefined && !importer)
    throw new Unable(`nobody is registered under --staff ${staffId} (tsunagi token registers a staff member)`)

  const sender = async ({ staff, idempotencyKey, ...content }: ImportLine): Promise<Sender | Problem> => {
    const principal = staff === undefined ? importer : await staffMember(staff)
    if (!principal)
      return staff === undefined
        ? {
            status: 400,
            code: 'import/no-staff',
            detail: 'The line names no staff member and --staff is not given.',
          }
        : { status: 400, code: 'import/unknown-staff', detail: 'Nobody is registered under this id.' }
    return { principal, key: `import/${fingerprint(content)}` }
  }
  return (line: InputLine) => answer(line, sender)
}

const isEmpty = (events: unknown): boolean => Array.isArray(events) && events.length === 0

const reasonOf = (answer: LineAnswer): string => {
  const { code, title, detail, errors, state } = answer as LineAnswer & Problem & { readonly title?: string }
  const fields = (errors ?? [])
    .map(({ pointer, message }: FieldError) => `${pointer || '/'} ${message}`)
    .join('; ')
  const why = detail ?? title ?? titles[code as ProblemCode]
  return [code, [why, fields].filter(Boolean).join(' '), state && `(it is ${state})`]
    .filter(Boolean)
    .join('  ')
}

const inWords = ({ lines, imported, already, refused }: Summary): string =>
  `${lines} lines: ${imported} imported, ${already} already there, ${refused} refused`
