import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openDevIssuer } from '#infra/auth/dev-issuer.ts'
import { readConfig } from '#src/config.ts'
import { devIssuerFile } from '#src/data/files.ts'
import { serve } from '#src/serve.ts'
import { nakamura } from '#test/kit/controls.ts'
import { employ } from './employ.ts'
import { caughtUp } from './write-side.ts'

/** The real program on a directory: `server.ts <dir>`. Tells its address and a token once everything has caught up. */
const [dir = ''] = process.argv.slice(2)
const { address, system, stop } = await serve(
  readConfig({ DATA_DIR: dir, PORT: '0', AUTH_MODE: 'dev', LOG_LEVEL: 'warn' }),
)
await employ(system)
await caughtUp(system)
const token = await openDevIssuer(devIssuerFile(dir)).sign(nakamura.staffId, 3_600)

const delay = monitorEventLoopDelay({ resolution: 1 })
process.on('message', (message) => {
  if (message === 'measure') {
    delay.enable()
    delay.reset()
  } else if (message === 'measured') process.send?.({ p99: delay.percentile(99) / 1e6 })
  else void stop().then(() => process.disconnect?.())
})
process.send?.({ address, token })
