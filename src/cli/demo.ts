import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { streamName } from '#domain/kernel/event.ts'
import { type Config, readConfig } from '#src/config.ts'
import { eventLogFile } from '#src/data/files.ts'
import { serve } from '#src/serve.ts'
import { type System, startSystem } from '#src/system.ts'
import { invite } from './demo/guests.ts'
import { BEGINNING, stories } from './demo/stories.ts'
import type { Story } from './demo/story.ts'
import { storyClock, tell } from './demo/tell.ts'
import { drawInvitation, drawLater, drawTitle } from './demo/words.ts'
import { drawFamilyPage } from './family-page/draw.ts'
import { readFamilyPage } from './family-page/read.ts'
import { quietLog } from './open.ts'
import { note, print } from './terminal/output.ts'
import { paintFor } from './terminal/paint.ts'
import { terminalWidth } from './timeline.ts'
import { Unable } from './unable.ts'

type Options = { readonly family: keyof typeof stories; readonly dataDir?: string; readonly exit?: true }

export const demo = new Command('demo')
  .description(
    'Two families’ stories through the real commands, one timeline here, and a server to try things on (development only)',
  )
  .addOption(
    new Option('--family <letter>', 'whose timeline is shown').choices(Object.keys(stories)).default('A'),
  )
  .option('--data-dir <dir>', 'keep the data there; a temporary directory unless said')
  .option('--exit', 'end after printing')
  .action(async ({ family, dataDir, exit }: Options) => {
    if (process.env.NODE_ENV === 'production')
      throw new Unable('the demo is refused when NODE_ENV=production')
    const config = await demoConfig(dataDir ?? temporaryDir())
    await tellStories(config, stories[family])
    const running = await serve(config)
    const invited = await invite(config, running.system, stories[family])
    for (const line of drawInvitation({
      address: running.address,
      dataDir: config.DATA_DIR,
      invited,
      paint: paintFor(process.stdout),
      story: stories[family],
    }))
      await print(line)
    if (exit) await running.stop()
  })

/** Tells what has not been told yet, then shows one family as a coordinator sees it. */
const tellStories = async (config: Config, shown: Story): Promise<void> => {
  const isNew = !existsSync(eventLogFile(config.DATA_DIR))
  const clock = storyClock(BEGINNING)
  const now = isNew ? clock.now : () => new Date().toISOString()
  const system = await startSystem({
    dataDir: config.DATA_DIR,
    engine: 'sqlite',
    log: quietLog,
    keyEncryptionKey: config.KEY_ENCRYPTION_KEY,
    previousKeyEncryptionKey: config.KEY_ENCRYPTION_KEY_PREVIOUS,
    now,
    tickMs: 0,
  })
  try {
    if (isNew) await tell(system, clock, Object.values(stories))
    else if (!(await isTold(system)))
      throw new Unable(`${config.DATA_DIR} holds other data; choose an empty directory`)
    await system.projector.reached(await system.store.head(), CATCH_UP_MS)
    const page = readFamilyPage(system.views, system.keyring, shown.familyId)
    if (!page) throw new Unable('the views are behind')
    const canvas = { width: terminalWidth(), paint: paintFor(process.stdout), now: new Date().toISOString() }
    for (const line of [
      drawTitle(shown, canvas),
      ...drawFamilyPage(page, canvas),
      ...drawLater(shown, canvas),
    ])
      await print(line)
  } finally {
    await system.stop()
  }
}

const CATCH_UP_MS = 30_000

const isTold = async ({ store }: System): Promise<boolean> => {
  const family = await store.read(streamName('family', stories.A.familyId))
  return family.length > 0
}

const demoConfig = async (dataDir: string): Promise<Config> => {
  const config = readConfig({
    LOG_LEVEL: 'warn',
    // The stories were recorded years ago, and are to be seen whole.
    FEED_RETENTION_DAYS: '36500',
    ...process.env,
    AUTH_MODE: 'dev',
    EVENT_STORE: 'sqlite',
    DATA_DIR: dataDir,
  })
  if (config.PORT === 0 || (await isFree(config.HOST, config.PORT))) return config
  note(`tsunagi: port ${config.PORT} is in use; another one is taken`)
  return { ...config, PORT: 0 }
}

const isFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, host, () => probe.close(() => resolve(true)))
  })

/** Gone with the demo. */
const temporaryDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'tsunagi-demo-'))
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  return dir
}
