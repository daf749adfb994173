import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { family } from '#domain/family/family.ts'
import { openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { openSharedKeyring } from '#infra/keys/shared/keyring.ts'
import { withKeys } from '#infra/keys/shared/with-keys.ts'
import { writePath } from '#src/write/write-path.ts'
import * as c from '#test/kit/controls.ts'

/** A node in a process of its own that registers family after family, saying so, until it is killed. */
const [url = '', directory = '', key = ''] = process.argv.slice(2)
const keyFile = join(directory, 'keys.db')
const store = await openEventStoreDb({ url, replicaFile: join(directory, 'replica.db'), keyFile })
const keyring = await openSharedKeyring({
  file: keyFile,
  keyEncryptionKey: Buffer.from(key, 'base64'),
  connection: store.connection,
})
const now = () => '2024-06-04T01:00:00.000Z'
const { execute } = writePath({
  store: withKeys(store, keyring, store.replica),
  keyring,
  now,
  calendar: c.calendar,
})
for (;;) {
  const data = { caregivers: [{ relation: 'mother', name: '花子' }] }
  const { kind } = await execute({
    lifecycle: family,
    name: 'RegisterFamily',
    id: randomUUID(),
    data: family.commands.RegisterFamily?.schema.parse(data) ?? {},
    actor: c.nakamura,
    occurrence: { occurredAt: now(), occurredOn: '2024-06-04', precision: 'instant' },
    commandId: randomUUID(),
  })
  writeSync(1, kind === 'done' ? '.' : kind)
}
