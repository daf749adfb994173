import { monitorEventLoopDelay } from 'node:perf_hooks'
import { systemActor } from '#domain/kernel/metadata.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { staff } from '#domain/staff/staff.ts'
import { openDevIssuer } from '#infra/auth/dev-issuer.ts'
import { readConfig } from '#src/config.ts'
import { serve } from '#src/serve.ts'
import type { System } from '#src/system.ts'
import { devIssuerFile } from '#src/system.ts'
import { hub, mainSite, nakamura } from '#test/kit/controls.ts'
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

async function employ({ execute, now }: System): Promise<void> {
  const at = now()
  await execute({
    lifecycle: staff,
    name: 'RegisterStaff',
    id: nakamura.staffId,
    data: staff.commands.RegisterStaff.schema.parse({
      // Sees every class of record, so that a page is full.
      role: 'hubDirector',
      organization: hub,
      site: mainSite,
      displayName: '中村',
    }),
    actor: systemActor,
    occurrence: { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' },
    commandId: 'bench/staff',
  })
}
