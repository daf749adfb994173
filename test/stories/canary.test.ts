import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { z } from 'zod'
import { elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { retention } from '#domain/retention/retention.ts'
import { storyC, takahashi } from '#src/cli/demo/stories/takahashi.ts'
import { storyA, tanaka } from '#src/cli/demo/stories/tanaka.ts'
import type { Story } from '#src/cli/demo/story.ts'
import { doorsOf } from '#src/write/commands.ts'
import { newId, openTestDoor } from '#test/kit/door.ts'
import {
  done,
  type Family,
  fresh,
  openConsultation,
  recordVisit,
  registerFamily,
  sendReferral,
} from '#test/kit/door-story.ts'
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

for (const [original, family] of [
  [storyA, tanaka.family],
  [storyC, takahashi.family],
] as const)
  t.test(`story ${original.letter}: nothing personal where it must not be`, async (t) => {
    const { story, canaries } = withCanaries(original)
    t.ok(canaries.length >= 20, `${canaries.length} canaries`)
    const world = await tellIn(t, 'sqlite', story)
    await world.system.projector.reached(await world.system.store.head(), 10_000)

    t.test('not in any file', async (t) => {
      t.ok(readdirSync(world.dataDir).length >= 4)
      t.strictSame(onDisk(world, canaries), [])
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
      const kinds = async () =>
        (await world.timeline(reader)).map(({ type, recordedAt }) => `${type} ${recordedAt}`)
      const before = await kinds()
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

t.test('a month of a city: nothing personal in files, logs, feeds, audit or errors', async (t) => {
  const door = await openTestDoor(t, { engine: 'sqlite', now: () => '2024-06-03T01:00:00.000Z' })
  const canaries: string[] = []
  const canary = (): string => {
    const one = `kanariyaM${String(canaries.length).padStart(5, '0')}x`
    canaries.push(one)
    return one
  }
  const answers: string[] = []
  const families: Family[] = []
  for (let i = 0; i < 30; i++) {
    const contact = { phone: canary(), email: canary(), address: canary() }
    const family = await registerFamily(door, {
      card: canary(),
      learnedFrom: canary(),
      caregivers: [{ name: canary(), kana: canary(), relation: 'mother', contact }],
      children: [{ name: canary(), kana: canary(), birthDate: '2022-02-22' }],
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
    // Errors must not repeat what they refuse.
    const wrong = { familyId: family.id, visitors: [canary()], toldBy: canary() }
    answers.push((await door.post('nakamura', `/v1/visits/${newId()}/record`, wrong)).body)
    answers.push(
      (await door.post('nakamura', '/v1/families/search', { name: canary(), birthDate: canary() })).body,
    )
  }
  const headers = await fresh(door)
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
  const [first] = families
  const read = (await door.get('partner', `/v1/families/${first?.id}/timeline?limit=500`, headers)).body
  t.ok(foundIn(read, canaries).length >= 5, 'and whose it is may read it')
})
