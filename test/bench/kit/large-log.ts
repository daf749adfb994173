import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventLogFile } from '#src/data/files.ts'
import type { Size } from './bench.ts'
import { writeCity } from './city.ts'

/** The directory of the log with `many` events; built once in a run. */
export const largeLog = async ({ kept, many }: Pick<Size, 'kept' | 'many'>): Promise<string> => {
  const dir = join(kept, `log-of-${many}`)
  if (existsSync(dir)) return dir
  const unfinished = `${dir}-unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  await writeCity(eventLogFile(unfinished), many)
  renameSync(unfinished, dir)
  return dir
}
