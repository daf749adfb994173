import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import { type Actor, systemActor } from '#domain/kernel/metadata.ts'
import { addDays, japanDate } from '#domain/kernel/time.ts'
import { referral } from '#domain/referral/referral.ts'
import { staff } from '#domain/staff/staff.ts'
import { subscription } from '#domain/subscription/subscription.ts'
import { makeSigningKeys } from '#infra/webhooks/signature.ts'
import { readConfig } from '#src/config.ts'
import { serve } from '#src/serve.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { partner, ward } from '#test/kit/controls.ts'
import { letterTo } from '#test/kit/door-story.ts'
import { writeFamilies } from './city.ts'
import { caughtUp } from './write-side.ts'

/**
 * The real program on a directory, and subscriptions of the ward’s system to these endpoints: `delivering.ts <dir> <urls as JSON>`.
 * Letters of a hub to the ward are committed on demand, by the write path of the program itself: what the door costs is measured elsewhere.
 */
export type Commit = { readonly commit: number; readonly perSecond?: number }

/** `begunAt`: ms since 1970, just before the first commit. */
export type Committed = { readonly begunAt: number }

const CALLERS = 64
const FAMILIES = 2_000
const PROGRAM: Actor = { staffId: 'kohoku-system', role: 'integration', organizationId: ward }

const [dir = '', urls = '[]'] = process.argv.slice(2)
const families = await writeFamilies(join(dir, 'events.db'), FAMILIES, 1)
const { system, stop } = await serve(
  readConfig({ DATA_DIR: dir, PORT: '0', AUTH_MODE: 'dev', LOG_LEVEL: 'error' }),
)

const give = async (lifecycle: Lifecycle, name: string, id: string, data: object, actor = systemActor) => {
  const spec = lifecycle.commands[name]
  if (!spec) throw new Error(`no command ${name}`)
  const at = system.now()
  const outcome = await system.execute({
    ...{ lifecycle, name, id, actor, data: spec.schema.parse(data) },
    occurrence: { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' },
    commandId: uuidV7(),
  })
  if (outcome.kind !== 'done') throw new Error(`${name}: ${JSON.stringify(outcome)}`)
}

const employ = ({ staffId, role, organizationId, siteId }: Actor) =>
  give(staff, 'RegisterStaff', staffId, {
    role,
    organization: organizationId,
    ...(siteId !== undefined && { site: siteId }),
    displayName: staffId,
  })

const subscribe = (url: string) =>
  give(subscription, 'CreateSubscription', uuidV7(), {
    subscriber: PROGRAM.staffId,
    organization: ward,
    feed: ward,
    name: '区の業務システム',
    purpose: 'つなぎの受領状況を写す',
    grantedUntil: addDays(japanDate(system.now()), 365),
    filter: {},
    endpoint: { url },
    after: { looked: 0, sequence: 0 },
    keys: { key: 'k0', ...makeSigningKeys() },
  })

let number = 0
const commitOne = (): Promise<void> => {
  number += 1
  const id = families[(number * 7_919) % families.length] ?? ''
  return give(referral, 'SendReferral', uuidV7(), letterTo({ id }), partner)
}

/** As fast as 64 callers can. */
const commitAll = async (count: number): Promise<void> => {
  let begun = 0
  const caller = async () => {
    while (begun++ < count) await commitOne()
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

const commitSteadily = async (count: number, perSecond: number): Promise<void> => {
  const begun = performance.now()
  const running: Promise<void>[] = []
  while (running.length < count) {
    const due = Math.min(count, ((performance.now() - begun) * perSecond) / 1_000)
    while (running.length < due) running.push(commitOne())
    await sleep(1)
  }
  await Promise.all(running)
}

process.on('message', async (message: Commit | 'stop') => {
  if (message === 'stop') {
    await stop()
    process.disconnect?.()
    return
  }
  const begunAt = performance.timeOrigin + performance.now()
  const { commit, perSecond } = message
  await (perSecond === undefined ? commitAll(commit) : commitSteadily(commit, perSecond))
  process.send?.({ begunAt } satisfies Committed)
})

await employ(partner)
await employ(PROGRAM)
for (const url of JSON.parse(urls) as readonly string[]) await subscribe(url)
await caughtUp(system)
process.send?.('ready')
