import { Command } from 'commander'
import { readConfig } from '#src/config.ts'
import { note } from './terminal/output.ts'

export const serve = new Command('serve')
  .description('Open the door: HTTP on HOST:PORT, over the data in DATA_DIR')
  .action(async () => {
    const config = readConfig(process.env)
    const { serve: start } = await import('#src/serve.ts')
    if (config.AUTH_MODE === 'dev')
      note(
        'tsunagi: dev mode — the program signs its own tokens (`tsunagi token`) and listens on loopback only',
      )
    await start(config)
  })
