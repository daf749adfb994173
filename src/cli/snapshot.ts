import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { copyDatabase } from '#infra/snapshot.ts'
import { eventLogFile, logIdentityFile, processesFile, readModelFile } from '#src/data/files.ts'
import { dataConfig } from './open.ts'
import { print } from './terminal/output.ts'
import { Unable } from './unable.ts'

export const snapshot = new Command('snapshot')
  .description(
    'Copy the log and the views as of now into an empty directory, beside a running server: for another node to begin with, or as a backup of the log. Never the keys (docs/operations.md)',
  )
  .argument('<directory>', 'where to; made if missing')
  .action(async (to: string) => {
    const { DATA_DIR, EVENT_STORE } = dataConfig()
    mkdirSync(to, { recursive: true, mode: 0o700 })
    if (readdirSync(to).length > 0) throw new Unable(`${to} is not empty`)
    // What is derived first: whatever is copied later holds at least as much.
    const files = [processesFile(DATA_DIR), readModelFile(DATA_DIR), eventLogFile(DATA_DIR, EVENT_STORE)]
    for (const file of files)
      if (copyDatabase(file, join(to, basename(file)))) await print(join(to, basename(file)))
    if (!existsSync(eventLogFile(to, EVENT_STORE))) throw new Unable(`there is no event log in ${DATA_DIR}`)
    if (existsSync(logIdentityFile(DATA_DIR))) copyFileSync(logIdentityFile(DATA_DIR), logIdentityFile(to))
  })
