import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { family } from '#domain/family/family.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import { mapTexts } from '#domain/kernel/sealing.ts'
import { withKeys } from '#infra/keys/shared/with-keys.ts'
import { writePath } from '#src/write/write-path.ts'
import * as c from '#test/kit/controls.ts'
import { type Cluster, KEY, startCluster } from './kit/nodes.ts'

/** Of all that lies in the log, opened by a node that has nothing but the server. */
const openedByNewcomer = async (t: Test, cluster: Cluster): Promise<readonly string[]> => {
  const { store, keyring, stop } = await cluster.node(`newcomer-${randomUUID()}`)
  const head = await store.head()
  t.ok(await store.replica.reached(head, 10_000))
  const events: Stored[] = []
  for (let page = await store.after(0n, 500); page.length > 0; ) {
    events.push(...page)
    page = await store.after(page.at(-1)?.position ?? 0n, 500)
  }
  const texts: string[] = []
  for (const { data, metadata } of events)
    mapTexts([data, metadata], '', (sealed) => {
      texts.push(String(keyring.open(sealed)))
      return sealed
    })
  await stop()
  return texts
}

const now = () => '2024-06-04T01:00:00.000Z'
const registering = (name: string) => ({
  lifecycle: family,
  name: 'RegisterFamily',
  id: randomUUID(),
  data: family.commands.RegisterFamily?.schema.parse({ caregivers: [{ relation: 'mother', name }] }) ?? {},
  actor: c.nakamura,
  occurrence: { occurredAt: now(), occurredOn: '2024-06-04', precision: 'instant' } as const,
  commandId: randomUUID(),
})

t.test(
  'whatever becomes of an append, nothing in the log lies under a key that the server does not hold',
  async (t) => {
    const cluster = await startCluster(t)
    const { store, keyring } = await cluster.node('node')
    const { execute } = writePath({
      store: withKeys(store, keyring, store.replica),
      keyring,
      now,
      calendar: c.calendar,
    })
    const { misbehave } = cluster.double
    const faults: readonly (() => unknown)[] = [
      misbehave.hangUp,
      misbehave.storeThenHangUp,
      () => misbehave.storeThenForgetAppends(1),
      () => misbehave.forgetAppends(1),
      () => misbehave.refuseAsUnavailable({ methods: ['BatchAppend'], count: 2 }),
    ]
    for (const [i, fault] of faults.entries()) {
      fault()
      const { kind } = await execute(registering(`名 ${i}`))
      t.equal(kind, 'done', `fault ${i}`)
    }
    misbehave.refuseAsUnavailable({ methods: ['BatchAppend'] })
    await t.rejects(execute(registering('never')), { name: 'StoreUnavailable' })
    misbehave.behave()
    const texts = await openedByNewcomer(t, cluster)
    t.strictSame(
      texts,
      faults.map((_, i) => `名 ${i}`),
    )
  },
)

t.test('killed at any moment, it leaves nothing behind that others cannot open', async (t) => {
  const cluster = await startCluster(t)
  const program = fileURLToPath(new URL('./kit/recording.ts', import.meta.url))
  let done = 0
  for (const [i, dots] of [1, 4, 7].entries()) {
    const directory = join(t.testdirName, `killed-${i}`)
    mkdirSync(directory, { recursive: true })
    const args = ['--import=tsx', program, cluster.double.url, directory, KEY.toString('base64')]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
      if (said.length >= dots) setTimeout(() => child.kill('SIGKILL'), i * 3)
    })
    await once(child, 'close')
    t.match(said, /^\.+$/)
    done += said.length
    const texts = await openedByNewcomer(t, cluster)
    t.ok(texts.length >= done && texts.every((text) => text === '花子'), `${texts.length} after ${done}`)
  }
})
