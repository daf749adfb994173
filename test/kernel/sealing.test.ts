import t from 'tap'
import { catalogue } from '#domain/events.ts'
import { decoder, UnreadableEvent } from '#domain/kernel/codec.ts'
import type { Catalogue, EventSpec, StreamName } from '#domain/kernel/event.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import { isSealed, KeyDestroyed, labelOf, UnreadableSecret } from '#domain/kernel/keyring.ts'
import { elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'
import { ERASED_TEXT, mapTexts, openedBy, toSeal } from '#domain/kernel/sealing.ts'
import { readGolden } from '#test/kit/facts.ts'
import { keysInMemory } from '#test/kit/keys.ts'

const FAMILY = '0190a1b2-fa00-7000-8000-000000000001'
const types = Object.entries(catalogue as Catalogue)

const told = (type: string, familyId: string | undefined = FAMILY): Stored => {
  const { data, current = data, schemaVersion } = readGolden(`${type}.v1.json`)
  return {
    id: '0190a1b2-0000-7000-8000-000000000001',
    type,
    schemaVersion,
    data: current,
    stream: 'golden-1' as StreamName,
    version: 1,
    position: 1n,
    recordedAt: '2022-02-17T00:00:00.000Z',
    metadata: {
      occurredAt: '2022-02-17T00:00:00.000Z',
      occurredOn: '2022-02-17',
      precision: 'instant',
      actor: { staffId: 'saito', role: 'hubPartner', organizationId: 'ORG-141097-H' },
      toldBy: '祖母から聞いた',
      dataClass: 'visit',
      ...(familyId !== undefined && { familyId }),
      correlationId: 'c',
      causationId: 'c',
      commandId: 'c',
      commandHash: 'h',
    },
  }
}

/** Every value that the schema marks, in the order in which they stand. */
const personal = (value: unknown, schema: Parameters<typeof shapeOf>[0]): readonly string[] => {
  if (value === undefined || value === null) return []
  if (marksOf(schema).sensitive) return [value as string]
  const element = elementOf(schema)
  if (element && Array.isArray(value)) return value.flatMap((item) => personal(item, element))
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([name, field]) =>
    personal((value as Record<string, unknown>)[name], field),
  )
}

const sealedTexts = (stored: Stored): readonly string[] => {
  const found: string[] = []
  mapTexts([stored.data, stored.metadata], '', (sealed) => {
    found.push(sealed)
    return sealed
  })
  return found
}

for (const [type, spec] of types)
  t.test(`${type}: all that is personal in it lies under a key, and comes back as it was`, async (t) => {
    const keyring = keysInMemory()
    const event = told(type)
    const sealed = { ...event, ...toSeal(event, spec, event.stream).under(keyring) }
    const kept = JSON.stringify([sealed.data, sealed.metadata])
    // A single letter stands in any ciphertext; as a value of its own it does not.
    for (const text of [...personal(event.data, spec.schema), '祖母から聞いた'])
      t.notOk(kept.includes(text.length < 4 ? JSON.stringify(text) : JSON.stringify(text).slice(1, -1)), text)
    t.equal(sealedTexts(sealed).length, personal(event.data, spec.schema).length + 1)
    const { data, metadata } = decoder(catalogue, openedBy(keyring))(sealed)
    t.strictSame({ data, metadata }, { data: event.data, metadata: event.metadata })
    t.strictSame(decoder(catalogue)(sealed).data, sealed.data, 'a view reads it without any key')

    await keyring.destroy({ familyId: FAMILY, because: 'e9' })
    if (spec.dataClass === 'directory') return
    const erased = decoder(catalogue, openedBy(keyring))(sealed)
    t.strictSame(
      personal(erased.data, spec.schema),
      personal(event.data, spec.schema).map(() => ERASED_TEXT),
    )
    t.equal(erased.metadata.toldBy, ERASED_TEXT)
    t.throws(() => toSeal(event, spec, event.stream).under(keyring), KeyDestroyed)
  })

t.test('whose key it is: the person’s, the family’s, or of the stream where nobody is meant', async (t) => {
  const keyring = keysInMemory()
  const ownersIn = (event: Stored, stream: StreamName) => {
    const spec = (catalogue as Catalogue)[event.type] as EventSpec
    const sealed = { ...event, ...toSeal(event, spec, stream).under(keyring) }
    return sealedTexts(sealed).map((text) => {
      const { field, keyId, dataClass } = labelOf(text)
      return [field, dataClass, keyring.ownerOf(keyId)] as const
    })
  }
  const registered = told('FamilyRegistered')
  const { caregivers } = registered.data as { caregivers: readonly { personId: string }[] }
  const owners = ownersIn(registered, 'family-1')
  const personId = caregivers[0]?.personId
  const [, , name] = owners.find(([field]) => field === '/data/caregivers/0/name') ?? []
  t.strictSame(name, { kind: 'person', familyId: FAMILY, personId })
  const [, dataClass] = owners.find(([field]) => field.startsWith('/data/caregivers/0/contact')) ?? []
  t.equal(dataClass, 'contact')
  t.strictSame(owners.at(-1)?.[2], { kind: 'family', familyId: FAMILY })

  const { metadata } = told('VisitAnnulled')
  const { familyId: _, ...ofNobody } = metadata
  const anonymous = ownersIn({ ...told('VisitAnnulled'), metadata: ofNobody }, 'visit-7')
  t.ok(anonymous.length > 0)
  for (const [, , owner] of anonymous) t.strictSame(owner, { kind: 'stream', stream: 'visit-7' })

  const [, , staff] = ownersIn(told('StaffRegistered'), 'staff-saito')[0] ?? []
  t.strictSame(staff, { kind: 'staff', staffId: 'saito' })
})

t.test('a value that was moved is an error, with keys and without', async (t) => {
  const keyring = keysInMemory()
  const event = told('FamilyRegistered')
  const spec = (catalogue as Catalogue).FamilyRegistered as EventSpec
  const sealed = { ...event, ...toSeal(event, spec, event.stream).under(keyring) }
  const data = sealed.data as { caregivers: readonly Record<string, unknown>[]; learnedFrom?: string }
  const [first, second] = data.caregivers
  t.ok(isSealed(first?.name))
  const moved: readonly [string, Stored][] = [
    ['to another field', { ...sealed, data: { ...data, learnedFrom: first?.name } }],
    ['to another person', { ...sealed, data: { ...data, caregivers: [second, first] } }],
    ['to another event', { ...sealed, id: '0190a1b2-0000-7000-8000-000000000002' }],
    ['to the metadata', { ...sealed, metadata: { ...sealed.metadata, toldBy: String(first?.name) } }],
  ]
  for (const [where, stored] of moved)
    for (const read of [decoder(catalogue), decoder(catalogue, openedBy(keyring))])
      t.throws(() => read(stored), UnreadableSecret, where)
})

t.test('where no sealed value belongs, none is taken', async (t) => {
  const event = told('FamilyRegistered')
  const spec = (catalogue as Catalogue).FamilyRegistered as EventSpec
  const sealed = { ...event, ...toSeal(event, spec, event.stream).under(keysInMemory()) }
  const { learnedFrom = '' } = sealed.data as { learnedFrom?: string }
  t.ok(isSealed(learnedFrom))
  const misused = mapTexts(learnedFrom, '', (text) =>
    text.replace('%2Fdata%2FlearnedFrom', '%2Fdata%2FfamilyType'),
  )
  t.throws(
    () => decoder(catalogue)({ ...sealed, data: { ...sealed.data, familyType: misused } }),
    UnreadableEvent,
  )
})
