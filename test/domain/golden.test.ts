import { readdirSync } from 'node:fs'
import t from 'tap'
import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import { type Catalogue, schemaVersionOf } from '#domain/kernel/event.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import { goldenDirectory, readGolden } from '#test/kit/facts.ts'

/** The persisted contract: what any version of the program has ever written is read for good. */
const expected = Object.entries(catalogue as Catalogue).flatMap(([type, spec]) =>
  Array.from({ length: schemaVersionOf(spec) }, (_, i) => `${type}.v${i + 1}.json`),
)
const kept = readdirSync(goldenDirectory)

t.test('every version of every event has a golden file, and every golden file its event', async (t) => {
  t.strictSame(new Set(kept), new Set(expected))
})

const decode = decoder(catalogue)

for (const file of expected.filter((name) => kept.includes(name)))
  t.test(`${file} means what it meant`, async (t) => {
    const { type, schemaVersion, data, current = data } = readGolden(file)
    t.equal(`${type}.v${schemaVersion}.json`, file)
    const stored: Stored = {
      id: '0190a1b2-0000-7000-8000-000000000001',
      type,
      schemaVersion,
      data,
      stream: 'golden-1',
      version: 1,
      position: 1n,
      recordedAt: '2022-02-17T00:00:00.000Z',
      metadata: {
        occurredAt: '2022-02-17T00:00:00.000Z',
        occurredOn: '2022-02-17',
        precision: 'instant',
        actor: { staffId: 'saito', role: 'hubPartner', organizationId: 'ORG-141097-H' },
        dataClass: 'visit',
        correlationId: 'golden',
        causationId: 'golden',
        commandId: 'golden',
        commandHash: 'golden',
      },
    }
    t.strictSame(decode(stored).data, current)
  })

/** Left out, because they exclude what the example says: a consent or a statute, a day or an hour, an end or an interim. */
const unused: Readonly<Record<string, readonly string[]>> = {
  ReferralDrafted: ['destinationName', 'legalBasis', 'basisReason', 'supersedes'],
  ReferralSent: ['destinationName', 'legalBasis', 'basisReason', 'purpose', 'supersedes', 'ackDueAt'],
  ReferralRedirected: ['ackDueAt'],
  ReferralOutcomeReported: ['nextReferral', 'outcomeDueOn'],
  ReferralClosed: ['supersededBy', 'outcomeWithheld'],
  ReferralOverdueDetected: ['dueAt'],
}

t.test('golden data says something: every field of the current version appears in it', async (t) => {
  for (const [type, spec] of Object.entries(catalogue as Catalogue)) {
    const { data } = readGolden(`${type}.v${schemaVersionOf(spec)}.json`)
    const silent = Object.keys(spec.schema.shape).filter((field) => !(field in data))
    t.strictSame(silent, unused[type] ?? [], type)
  }
})
