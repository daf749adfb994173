import { DEV_AUDIENCE, DEV_ISSUER, openDevIssuer } from '#infra/auth/dev-issuer.ts'
import { tokenVerifier } from '#infra/auth/token-verifier.ts'
import { integrationBy } from '#src/access/integration-key.ts'
import { identifier, staffBy } from '#src/access/principal.ts'
import { relationIn } from '#src/access/relation.ts'
import { devIssuerFile } from '#src/data/files.ts'
import { keeping } from '#src/feed/kept.ts'
import { buildApp } from '#src/http/app.ts'
import { readRoutes } from '#src/http/routes.ts'
import { timelineRoute } from '#src/http/timeline.ts'
import { makeLog } from '#src/log.ts'
import { startSystem } from '#src/system.ts'
import { handler } from '#src/write/handle.ts'
import { nakamura } from '#test/kit/controls.ts'
import { employ } from './employ.ts'
import { UNWALLED, withoutWalls } from './no-walls.ts'
import { caughtUp } from './write-side.ts'

/**
 * The program of `server.ts`, and behind its very door the route of the timeline once more, over a shop without walls:
 * `unwalled-server.ts <dir>`.
 */
const [dir = ''] = process.argv.slice(2)
const log = makeLog('warn')
const system = await startSystem({ dataDir: dir, engine: 'sqlite', log })
const issuer = openDevIssuer(devIssuerFile(dir))
const verify = tokenVerifier({ issuer: DEV_ISSUER, audience: DEV_AUDIENCE, key: issuer.publicKey })
const parts = {
  system,
  identify: identifier(verify, staffBy(system), integrationBy(system)),
  familyReference: (_subscriber: string, familyId: string) => familyId,
}
const app = await buildApp({ ...parts, log, ratePerMinute: 0, devMode: true })
const shop = withoutWalls({
  ...parts,
  handle: handler(system, relationIn(system)),
  feedKept: keeping({ ...system, days: 1 }),
  isClosing: () => false,
})
const route = timelineRoute(shop)
readRoutes(app, shop, [{ ...route, path: `${UNWALLED}${route.path}` }])
await app.listen({ host: '127.0.0.1', port: 0 })
await employ(system)
await caughtUp(system)

process.on('message', async () => {
  await app.close()
  await system.stop()
  process.disconnect?.()
})
process.send?.({ address: app.listeningOrigin, token: await issuer.sign(nakamura.staffId, 3_600) })
