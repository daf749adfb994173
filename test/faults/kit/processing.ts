import { writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Actor } from '#domain/kernel/metadata.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { watches } from '#domain/processes/deadlines.ts'
import { processes } from '#domain/processes/registry.ts'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { openProcessJournal, type ProcessJournal } from '#infra/process-journal/sqlite.ts'
import { alwaysHeld } from '#infra/redis/lease.ts'
import { keyAccess, openKeys } from '#src/data/keys.ts'
import { followedUpHere } from '#src/processes/followed-up.ts'
import { startProcesses } from '#src/processes/runner.ts'
import { seedDirectory } from '#src/seed.ts'
import type { Execute } from '#src/write/execute.ts'
import { writePath } from '#src/write/write-path.ts'
import { mchCoordinator, nakamura, partner, ward } from '#test/kit/controls.ts'
import { familiesOf } from './resent.ts'

/**
 * A process that sends referrals anew and lets what follows happen, and dies at a point: `before` or `after` the n-th
 * consequence is recorded, or before the n-th `checkpoint`. Run again, it asks for the same under the same keys.
 */
const [dir = '', families = '0', point = 'never', nth = '0'] = process.argv.slice(2)
const say = (line: string) => writeSync(1, `${line}\n`)
let passed = 0
const dieAt = (here: string) => {
  if (here === point && ++passed === Number(nth)) process.kill(process.pid, 'SIGKILL')
}

const store = await openSqliteEventStore({ file: join(dir, 'events.db') })
const keyring = openKeys(keyAccess(dir))
const now = () => new Date().toISOString()
const { decode, execute } = writePath({ store, keyring, now, calendar: japaneseCalendar })
await seedDirectory(execute)

const mortal: Execute = async (command) => {
  dieAt('before')
  const outcome = await execute(command)
  dieAt('after')
  return outcome
}
const journal = openProcessJournal(join(dir, 'processes.db'))
const mortalJournal: ProcessJournal = {
  ...journal,
  save(position, deadlines) {
    dieAt('checkpoint')
    journal.save(position, deadlines)
  },
}
const log = { debug() {}, info() {}, warn() {}, error: say, fatal: say } as never
const running = startProcesses({
  store,
  decode,
  lifecycles,
  processes,
  watches,
  execute: mortal,
  journal: mortalJournal,
  lease: alwaysHeld(),
  followedUp: followedUpHere(mortalJournal.checkpoint),
  now,
  log,
})
say('working')

const give = async (actor: Actor, name: string, id: string, data: object) => {
  const lifecycle = lifecycles.find(({ commands }) => name in commands)
  const spec = lifecycle?.commands[name]
  if (!lifecycle || !spec) throw new Error(`no command ${name}`)
  const occurrence = {
    occurredAt: '2022-03-10T01:00:00.000Z',
    occurredOn: '2022-03-10',
    precision: 'instant' as const,
  }
  const parsed = spec.schema.parse(data)
  const outcome = await execute({
    lifecycle,
    name,
    id,
    data: parsed,
    actor,
    occurrence,
    commandId: `${name}/${id}`,
  })
  if (outcome.kind !== 'done') throw new Error(`${name}: ${JSON.stringify(outcome)}`)
}

for (const { family, child, visit, consultation, declined, anew } of familiesOf(Number(families))) {
  const letter = {
    familyId: family,
    consultationId: consultation,
    direction: 'inlet',
    linkLevel: 'accompany',
    urgency: 'normal',
    toOrganization: ward,
    destinationKind: 'wardMchCoordinator',
    legalBasis: 'publicTask',
    basisReason: '本人の希望',
  }
  await give(nakamura, 'RegisterFamily', family, {})
  await give(nakamura, 'RecordVisit', visit, {
    familyId: family,
    visitors: ['mother'],
    childAdded: { personId: child, birthDate: '2021-10-02' },
  })
  await give(partner, 'OpenConsultation', consultation, {
    familyId: family,
    trigger: 'conversationShift',
    service: 'hirobaTalk',
  })
  await give(partner, 'SendReferral', declined, letter)
  await give(mchCoordinator, 'DeclineReferral', declined, { reason: 'outOfScope' })
  await give(partner, 'SendReferral', anew, {
    ...letter,
    destinationKind: 'wardDistrictNurse',
    supersedes: declined,
  })
}
if (!(await running.settled(await store.head(), 20_000)))
  say(`unsettled ${JSON.stringify(running.status().reason)}`)
await running.stop()
journal.close()
await store.close()
say('done')
