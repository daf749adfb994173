import { staffBy } from '#src/access/principal.ts'
import { buildApp } from '#src/http/app.ts'
import { makeLog } from '#src/log.ts'
import { startSystem } from '#src/system.ts'

/** A server over a directory, to be killed or starved while it answers; whoever comes is who they say they are. */
// A file that may not grow is then an error of the write, as on a full disk.
process.on('SIGXFSZ', () => undefined)
const [dataDir = ''] = process.argv.slice(2)
const log = makeLog('silent')
const system = await startSystem({ dataDir, engine: 'sqlite', log, tickMs: 0 })
const staffMember = staffBy(system)
const app = await buildApp({
  system,
  identify: async (header = '') => (await staffMember(header.replace('Bearer ', ''))) ?? 'not-staff',
  familyReference: (subscriber) => subscriber,
  log,
  ratePerMinute: 0,
  devMode: true,
})
await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`listening ${app.listeningOrigin}\n`)
