import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { z } from 'zod'
import { schemaVersionOf, streamName } from '#domain/kernel/event.ts'
import type { Appending, EventStore, Stored } from '#domain/kernel/event-store.ts'
import type { Metadata } from '#domain/kernel/metadata.ts'
import { elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'
import { toSeal } from '#domain/kernel/sealing.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { retention } from '#domain/retention/retention.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { storyC, takahashi } from '#src/cli/demo/stories/takahashi.ts'
import { storyA, tanaka } from '#src/cli/demo/stories/tanaka.ts'
import type { Story } from '#src/cli/demo/story.ts'
import { doorsOf } from '#src/write/commands.ts'
import { clusterOf, heldByRedis, heldByServer } from '#test/kit/cluster.ts'
import * as people from '#test/kit/controls.ts'
import { newId, openTestDoor, staff } from '#test/kit/door.ts'
import {
  done,
  type Family,
  fresh,
  openConsultation,
  recordVisit,
  registerFamily,
  sendReferral,
  ward,
} from '#test/kit/door-story.ts'
import { openStream } from '#test/kit/event-stream.ts'
import { type FactName, fact } from '#test/kit/facts.ts'
import { openSending } from '#test/kit/sending.ts'
import { tellIn, type World } from './kit/telling.ts'

/** Every free text of a story replaced by one that stands nowhere else, so that wherever it is found, it is found out. */
const withCanaries = (story: Story): { readonly story: Story; readonly canaries: readonly string[] } => {
  const canaries: string[] = []
  const doors = doorsOf(lifecycles)
  const sing = (value: unknown, schema: z.core.$ZodType): unknown => {
    if (value === undefined || value === null) return value
    if (marksOf(schema).sensitive && typeof value === 'string' && !/^\d{4}-\d\d-\d\d$/.test(value)) {
      const canary = `kanariya${story.letter}${String(canaries.length).padStart(4, '0')}x`
      canaries.push(canary)
      return canary
    }
    const element = elementOf(schema)
    if (element && Array.isArray(value)) return value.map((item) => sing(item, element))
    const shape = shapeOf(schema)
    if (!shape || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [name, shape[name] ? sing(field, shape[name]) : field]),
    )
  }
  const rows = story.rows.map((row) => {
    if (row.kind !== 'done') return row
    const door = doors.find(({ lifecycle, name }) => lifecycle.name === row.of.name && name === row.command)
    const data = door ? (sing(row.data, door.body) as typeof row.data) : row.data
    if (data.toldBy === undefined) return { ...row, data }
    const told = `kanariya${story.letter}t${String(canaries.length).padStart(4, '0')}x`
    canaries.push(told)
    return { ...row, data: { ...data, toldBy: told } }
  })
  return { story: { ...story, rows }, canaries }
}

const foundIn = (text: string | Buffer, canaries: readonly string[]): readonly string[] =>
  canaries.filter((canary) => text.includes(canary))

/** Every file as it lies on the disk, log and views, WAL and all. */
const onDisk = ({ dataDir }: World, canaries: readonly string[]): readonly string[] =>
  readdirSync(dataDir).flatMap((file) =>
    foundIn(readFileSync(join(dataDir, file)), canaries).map((canary) => `${file}: ${canary}`),
  )

for (const [original, family, engine] of [
  [storyA, tanaka.family, 'sqlite'],
  [storyC, takahashi.family, 'sqlite'],
  [storyA, tanaka.family, 'cluster'],
] as const)
  t.test(`story ${original.letter} on ${engine}: nothing personal where it must not be`, async (t) => {
    const { story, canaries } = withCanaries(original)
    t.ok(canaries.length >= 20, `${canaries.length} canaries`)
    const world = await tellIn(t, engine, story)
    await world.system.projector.reached(await world.system.store.head(), 10_000)

    t.test('not in any file', async (t) => {
      t.ok(readdirSync(world.dataDir).length >= 4)
      t.strictSame(onDisk(world, canaries), [])
    })

    if (engine === 'cluster')
      t.test('not on the servers', async (t) => {
        const server = await heldByServer((await clusterOf(world.dataDir)).engine)
        t.match(server, /_key-/, 'the keys are there, wrapped')
        t.ok(server.length > 10_000)
        t.strictSame(foundIn(server, canaries), [])
        const redis = await heldByRedis()
        t.match(redis, /lease:processes/)
        t.strictSame(foundIn(redis, canaries), [])
      })

    const told = JSON.stringify((await world.facts()).map(({ data, metadata }) => [data, metadata.toldBy]))
    t.test('and yet all of it is kept', async (t) => {
      // All but what is said of members of kosapo, who are no part of the family.
      t.ok(
        foundIn(told, canaries).length >= canaries.length * 0.8,
        `${foundIn(told, canaries).length} are told`,
      )
    })

    const reader = story.colleagues.find(({ role }) => role === 'hubPartner')?.staffId ?? ''
    const shownTo = async (staffId: string) =>
      JSON.stringify([
        await world.timeline(staffId),
        await world.read(staffId, `/v1/families/${family}`),
        await world.read(staffId, '/v1/worklists/referrals-in'),
        await world.read(staffId, '/v1/worklists/consultations-open'),
        await world.read(staffId, '/v1/feeds/referrals?limit=500'),
      ])
    t.test('each sees what the rules give', async (t) => {
      t.ok(foundIn(await shownTo(reader), canaries).length > 5, 'the partner of the hub reads')
      for (const stranger of ['nobody', 'kansa'])
        t.strictSame(foundIn(await shownTo(stranger), canaries), [], stranger)
    })

    t.test('after erasure it is nowhere, and all counts are what they were', async (t) => {
      const { store, eraser, projector, execute, now } = world.system
      // As the view has them: what was open ends with the family, and whoever was assigned by it sees less.
      const kinds = async () =>
        world.system.views
          .reader(familyTimeline)
          .list({ where: { family }, orderBy: [['sort', 'asc']] })
          .map(({ type, stream, recordedAt }) => `${type} ${stream} ${recordedAt}`)
      const before = await kinds()
      t.ok(before.length > 10)
      const [registered] = await world.of('FamilyRegistered')
      const decided = await execute({
        lifecycle: retention,
        name: 'ErasePersonalData',
        id: family,
        data: { why: 'suspensionRequest' },
        actor: {
          staffId: 'shocho',
          role: 'hubDirector',
          organizationId: registered?.metadata.actor.organizationId ?? '',
        },
        occurrence: { occurredAt: now(), occurredOn: japanDate(now()), precision: 'instant' },
        commandId: `erase-${family}`,
      })
      t.equal(decided.kind, 'done')
      t.ok(await eraser.done(await store.head(), 10_000))
      await projector.reached(await store.head(), 10_000)
      t.strictSame(await kinds(), before)
      const facts = JSON.stringify((await world.facts()).map(({ data, metadata }) => [data, metadata.toldBy]))
      t.strictSame(foundIn(facts, canaries), [])
      for (const { staffId: who } of story.colleagues)
        t.strictSame(foundIn(await shownTo(who), canaries), [], who)
      t.strictSame(onDisk(world, canaries), [])
    })
  })

/** A value for every personal field that a fact can have, each found nowhere else; dates stay dates. */
const sung = (
  value: unknown,
  schema: z.core.$ZodType,
  canary: () => string,
  ids: Readonly<Record<string, string>>,
): unknown => {
  const { sensitive, refersTo } = marksOf(schema)
  if (sensitive) {
    const takesWords = z.safeParse(schema, 'kanariya').success
    return takesWords ? canary() : (value ?? '2022-02-22')
  }
  if (refersTo !== undefined && typeof value === 'string') return ids[value] ?? value
  const element = elementOf(schema)
  if (element) {
    const list = Array.isArray(value) ? value : marksOf(element).sensitive ? [''] : undefined
    return list?.map((item) => sung(item, element, canary, ids))
  }
  const shape = shapeOf(schema)
  if (!shape) return value
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>
  const filled = Object.entries(shape).flatMap(([name, inner]) => {
    const sings = name in fields || marksOf(inner).sensitive !== undefined
    return sings ? [[name, sung(fields[name], inner, canary, ids)] as const] : []
  })
  return Object.fromEntries(filled)
}

/** Not about families: what they hold is nobody's secret, or stays. */
const OF_NO_FAMILY: ReadonlySet<string> = new Set([
  'organization',
  'site',
  'staff',
  'integration',
  'retention',
])

t.test('every personal field of every fact that exists: under keys, and gone with them', async (t) => {
  const door = await openTestDoor(t, { engine: 'sqlite', now: () => '2024-06-03T01:00:00.000Z' })
  const { store, keyring, projector, decode } = door.system
  const canaries: string[] = []
  const canary = (): string => {
    canaries.push(`kanariyaF${String(canaries.length).padStart(5, '0')}x`)
    return canaries.at(-1) ?? ''
  }
  const family = newId()
  const ids = { [people.family]: family }
  const types: string[] = []
  for (const { name, events } of lifecycles) {
    if (OF_NO_FAMILY.has(name)) continue
    const stream = streamName(name, name === 'family' ? family : newId())
    for (const [type, spec] of Object.entries(events)) {
      const { data } = fact(type as FactName)
      const metadata: Metadata = {
        occurredAt: '2024-06-02T15:00:00.000Z',
        occurredOn: '2024-06-03',
        precision: 'day',
        actor: staff.partner,
        dataClass: spec.dataClass,
        familyId: family,
        correlationId: 'canary',
        causationId: 'canary',
        commandId: `canary/${type}`,
        commandHash: '',
        toldBy: canary(),
        lateReason: canary(),
      }
      const event = {
        id: newId(),
        type,
        schemaVersion: schemaVersionOf(spec),
        recordedAt: '2024-06-03T01:00:00.000Z',
        data: sung(data, spec.schema, canary, ids) as Appending['data'],
        metadata,
      }
      await store.append(stream, 'any', [toSeal(event, spec, stream).under(keyring)])
      types.push(type)
    }
  }
  const told = async () => {
    const facts = await allFacts(store)
    return JSON.stringify(
      facts
        .filter(({ metadata }) => metadata.commandId.startsWith('canary/'))
        .map(decode)
        .map(({ data, metadata }) => [data, metadata]),
    )
  }
  const head = await store.head()
  t.ok(await projector.reached(head, 20_000))
  t.ok(types.length >= 70, `${types.length} kinds of fact`)
  t.ok(canaries.length >= 250, `${canaries.length} fields`)
  const kept = foundInText(await told())
  t.strictSame(
    canaries.filter((one) => !kept.has(one)),
    [],
    'all of it is kept',
  )
  const files = () =>
    readdirSync(door.dataDir).flatMap((file) => foundIn(readFileSync(join(door.dataDir, file)), canaries))
  t.strictSame(files(), [], 'and none of it lies open')
  t.strictSame(foundIn(door.logged.join(''), canaries), [])
  await keyring.destroy({ familyId: family, because: newId() })
  t.strictSame(foundIn(await told(), canaries), [], 'without its keys nobody reads any of it')
})

const foundInText = (text: string): ReadonlySet<string> => new Set(text.match(/kanariya\w+?x/g))

const allFacts = async (store: EventStore): Promise<readonly Stored[]> => {
  const all: Stored[] = []
  for (;;) {
    const page = await store.after(all.at(-1)?.position ?? 0n, 1_000)
    if (page.length === 0) return all
    all.push(...page)
  }
}

t.test('a month of a city: nothing personal in files, logs, feeds, webhooks, audit or errors', async (t) => {
  const sending = await openSending(t, { engine: 'sqlite', listen: true })
  const { door, receiver } = sending
  const subscription = await sending.subscribe()
  await sending.subscribe({ subscriber: 'city-system' }, 'admin')
  const canaries: string[] = []
  const canary = (): string => {
    const one = `kanariyaM${String(canaries.length).padStart(5, '0')}x`
    canaries.push(one)
    return one
  }
  const answers: string[] = []
  const unowned = new Set<string>()
  const families: Family[] = []
  for (let i = 0; i < 15; i++) {
    const [mother, child] = [newId(), newId()]
    const contact = { phone: canary(), email: canary(), address: canary() }
    const family = await registerFamily(door, {
      card: canary(),
      learnedFrom: canary(),
      caregivers: [{ personId: mother, name: canary(), kana: canary(), relation: 'mother', contact }],
      children: [{ personId: child, name: canary(), kana: canary(), birthDate: '2022-02-22' }],
    })
    families.push(family)
    await recordVisit(door, family, { toldBy: canary() })
    const notice = newId()
    await done(door, 'nakamura', `/v1/notices/${notice}/record`, {
      familyId: family.id,
      noticeKind: ['caregiverFatigue'],
      abuseCheck: 'noConcern',
      facts: canary(),
      impression: canary(),
    })
    const consultation = await openConsultation(door, family)
    await done(door, 'partner', `/v1/consultations/${consultation}/record-session`, {
      topics: [],
      abuseCheck: 'noConcern',
      participants: [canary()],
      facts: canary(),
      impression: canary(),
    })
    const { id } = await sendReferral(door, family, {
      summary: canary(),
      purpose: canary(),
      basisReason: canary(),
    })
    await done(door, 'mchCoordinator', `/v1/referrals/${id}/decline`, {
      reason: 'otherEntrance',
      note: canary(),
    })
    const careId = newId()
    await done(door, 'coordinator', `/v1/care-requests/${careId}/request`, {
      familyId: family.id,
      activityType: 'care',
      place: 'hiroba',
      cautions: canary(),
      allergies: canary(),
    })
    await done(door, 'coordinator', `/v1/care-requests/${careId}/cancel`, { reason: canary() })
    const membership = newId()
    const attended = canary()
    // Somebody who only came to listen belongs to no family, and goes with none.
    unowned.add(attended)
    await done(door, 'coordinator', `/v1/memberships/${membership}/attend-orientation`, { name: attended })
    const consentId = newId()
    await done(door, 'partner', `/v1/consents/${consentId}/give`, {
      familyId: family.id,
      recipients: [ward],
      dataClasses: ['contact', 'referralContent'],
      people: [mother],
      givenBy: mother,
      method: 'oral',
      purpose: canary(),
      heardBy: canary(),
      words: canary(),
    })
    await done(door, 'partner', `/v1/consents/${consentId}/withdraw`, { reason: canary() })
    const request = newId()
    await done(door, 'partner', `/v1/disclosure-requests/${request}/receive`, {
      familyId: family.id,
      personId: child,
      requesterKind: 'legalRepresentative',
      representative: canary(),
      identityCheck: 'familyRegister',
    })
    await done(door, 'director', `/v1/disclosure-requests/${request}/decide`, {
      outcome: 'refused',
      ground: 'notEntitled',
      reason: canary(),
    })
    await done(door, 'partner', `/v1/disclosure-requests/${request}/provide`, {
      handedOver: 'decisionLetter',
    })
    const glass = newId()
    await done(door, 'elsewhereInWard', `/v1/break-glass/${glass}/use`, {
      familyId: family.id,
      reason: canary(),
      secondPerson: 'saito',
    })
    await done(door, 'auditor', `/v1/break-glass/${glass}/review`, { finding: 'justified', note: canary() })
    await done(door, 'director', `/v1/case-approvals/${newId()}/give`, {
      familyId: family.id,
      auditor: 'nobody-yet',
      reason: canary(),
      until: '2024-06-30',
    }).catch(() => undefined)
    await done(door, 'partner', `/v1/consultations/${consultation}/close`, { closeReason: canary() })
    await done(door, 'partner', `/v1/notices/${notice}/share-in-team`, {
      decision: 'keepEyeOn',
      note: canary(),
    })
    await done(door, 'partner', `/v1/referrals/${id}/close`, { resolution: 'dropped', reason: canary() })
    // Errors must not repeat what they refuse.
    const wrong = { familyId: family.id, visitors: [canary()], toldBy: canary() }
    answers.push((await door.post('nakamura', `/v1/visits/${newId()}/record`, wrong)).body)
    answers.push(
      (await door.post('nakamura', '/v1/families/search', { name: canary(), birthDate: canary() })).body,
    )
  }
  await sending.idle()
  t.ok(receiver.taken.length > 15 * 2 * 3 - 1, `${receiver.taken.length} webhooks`)
  answers.push(...receiver.received.map(({ headers, body }) => JSON.stringify(headers) + body))
  const stream = await openStream(t, door, door.token('integration'))
  await stream.take(15 * 3)
  stream.close()
  answers.push(stream.raw())
  const headers = await fresh(door)
  for (const path of ['', `/${subscription.id}`, `/${subscription.id}/deliveries`])
    answers.push((await door.get('admin', `/v1/subscriptions${path}`, headers)).body)
  for (const who of [
    'auditor',
    'bureau',
    'integration',
    'cityIntegration',
    'elsewhere',
    'admin',
    'wardManager',
  ] as const) {
    for (const path of [
      '/v1/audit/events?limit=1000',
      '/v1/feeds/referrals?limit=500',
      '/v1/worklists/overdue',
      '/v1/worklists/referrals-in',
    ])
      answers.push((await door.get(who, path, headers)).body)
    for (const family of families.slice(0, 5))
      for (const path of ['', '/timeline?limit=500', '/access-log']) {
        const answer = await door.get(who, `/v1/families/${family.id}${path}`, headers)
        // The ward's manager was sent the letter's envelope, and sees nothing else.
        answers.push(answer.body)
      }
  }
  const files = () =>
    readdirSync(door.dataDir).flatMap((file) => foundIn(readFileSync(join(door.dataDir, file)), canaries))
  t.ok(canaries.length > 500, `${canaries.length} canaries`)
  t.strictSame(files(), [])
  t.strictSame(foundIn(door.logged.join(''), canaries), [])
  t.strictSame(foundIn(answers.join(''), canaries), [])
  const counts = async () => {
    const kinds = (await allFacts(door.system.store)).map(
      ({ type, metadata }) => `${type} ${metadata.occurredOn}`,
    )
    return new Map([...new Set(kinds)].map((kind) => [kind, kinds.filter((one) => one === kind).length]))
  }
  const [first] = families
  const read = (await door.get('partner', `/v1/families/${first?.id}/timeline?limit=500`, headers)).body
  t.ok(foundIn(read, canaries).length >= 5, 'and whose it is may read it')

  const before = await counts()
  for (const { id } of families)
    await done(door, 'director', `/v1/retention/${id}/erase-personal-data`, { why: 'suspensionRequest' })
  const { store, eraser, decode } = door.system
  t.ok(await eraser.done(await store.head(), 20_000))
  await door.settled()
  t.strictSame(files(), [])
  const after = await counts()
  for (const [kind, count] of before) t.equal(after.get(kind), count, kind)
  const now = await fresh(door)
  const everything: string[] = [
    JSON.stringify((await allFacts(store)).map(decode).map(({ data, metadata }) => [data, metadata])),
  ]
  for (const who of ['partner', 'director', 'coordinator', 'mchCoordinator', 'auditor'] as const)
    for (const { id } of families)
      for (const path of ['', '/timeline?limit=500&history=true', '/access-log', '/erasure-certificate'])
        everything.push((await door.get(who, `/v1/families/${id}${path}`, now)).body)
  t.strictSame(
    foundIn(
      everything.join(''),
      canaries.filter((one) => !unowned.has(one)),
    ),
    [],
    'and nobody reads any of it again',
  )
})
