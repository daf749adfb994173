import { Argument, Command } from 'commander'
import { projections } from '#projections/registry.ts'
import { dataConfig, keyringOf, openLog, startViews } from './open.ts'
import { note } from './terminal/output.ts'
import { progressBar } from './terminal/progress.ts'

export const rebuild = new Command('rebuild')
  .description(
    'Build one view, or all, anew from the log; the old one serves until the new one takes its place',
  )
  .addArgument(new Argument('[projection]', 'all unless said').choices(projections.map(({ name }) => name)))
  .action(async (name: string | undefined) => {
    const config = dataConfig()
    const store = await openLog(config)
    const keyring = keyringOf(config)
    try {
      const projector = await startViews(config, store, keyring)
      const bar = progressBar(name ?? 'views')
      const since = performance.now()
      try {
        await projector.rebuild(name, bar.at)
      } finally {
        bar.end()
        await projector.stop()
      }
      const seconds = ((performance.now() - since) / 1_000).toFixed(1)
      note(
        `${name ?? `${projections.length} views`} rebuilt from ${await store.head()} events in ${seconds} s`,
      )
    } finally {
      await store.close()
      keyring.close()
    }
  })
