import { Command } from 'commander'
import { explain } from './explain.ts'
import { endWithReader, note } from './terminal/output.ts'

/** In the order of `--help`. Only what is asked for is loaded: the program starts in half the time. */
const commands = {
  serve: async () => (await import('./serve.ts')).serve,
  worker: async () => (await import('./worker.ts')).worker,
  demo: async () => (await import('./demo.ts')).demo,
  timeline: async () => (await import('./timeline.ts')).timeline,
  replay: async () => (await import('./replay.ts')).replay,
  rebuild: async () => (await import('./rebuild.ts')).rebuild,
  verify: async () => (await import('./verify.ts')).verify,
  import: async () => (await import('./import.ts')).importLines,
  token: async () => (await import('./token.ts')).token,
  snapshot: async () => (await import('./snapshot.ts')).snapshot,
  keys: async () => (await import('./keys.ts')).keys,
  migrate: async () => (await import('./migrate.ts')).migrate,
  position: async () => (await import('./position.ts')).position,
}

const isCommand = (name: string | undefined): name is keyof typeof commands =>
  name !== undefined && Object.hasOwn(commands, name)

const program = new Command('tsunagi')
  .description(
    'つなぎ — one unbroken timeline of what hubs and wards do with a family. Configured by environment variables.',
  )
  .addHelpText(
    'after',
    `
Environment:
  DATA_DIR   where the log and the views lie (./data)
  HOST PORT AUTH_MODE AUTH_ISSUER AUTH_AUDIENCE LOG_LEVEL …   for serve`,
  )
  .showHelpAfterError('(--help says more)')

endWithReader()
try {
  const [, , wanted] = process.argv
  const loading = isCommand(wanted) ? [commands[wanted]] : Object.values(commands)
  for (const command of await Promise.all(loading.map((load) => load()))) program.addCommand(command)
  await program.parseAsync()
} catch (error) {
  note(explain(error))
  process.exitCode = 1
}
