import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { family as familyLifecycle } from '#domain/family/family.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import { systemActor } from '#domain/kernel/metadata.ts'
import { startOfDay } from '#domain/kernel/time.ts'
import { retention } from '#domain/retention/retention.ts'
import { proposeErasures } from '#src/erasure/propose.ts'
import { newId, openTestDoor, problem, type Who } from '#test/kit/door.ts'
import {
  done,
  type Family,
  fresh,
  openConsultation,
  recordVisit,
  registerFamily,
  sendReferral,
} from '#test/kit/door-story.ts'

let now = '2024-06-04T01:00:00.000Z'
const door = await openTestDoor(t, { engine: 'sqlite', now: () => now })
const familyFold = foldOf(familyLifecycle)
const NAME = '消去 花子'
const WORDS = '夜中に電話がありました'

const aFamily = (given: object = {}) =>
  registerFamily(door, {
    card: `K-${newId().slice(-8)}`,
    caregivers: [{ name: NAME, relation: 'mother' }],
    children: [{ name: '消去 太郎', birthDate: '2022-05-05' }],
    ...given,
  })
const erase = (family: Family, body: object = { why: 'suspensionRequest' }, who: Who = 'director') =>
  door.post(who, `/v1/retention/${family.id}/erase-personal-data`, body)
const erased = async (family: Family, body?: object) => {
  const answer = await erase(family, body)
  t.equal(answer.statusCode, 201, answer.body)
  t.ok(await door.system.eraser.done(BigInt(String(answer.headers['commit-position'])), 5_000))
}
const page = async (who: Who, family: Family) =>
  (await door.get(who, `/v1/families/${family.id}`, await fresh(door))).json()
const timeline = async (who: Who, family: Family) =>
  (await door.get(who, `/v1/families/${family.id}/timeline?limit=500`, await fresh(door))).json().entries
const onDisk = (text: string): readonly string[] =>
  readdirSync(door.dataDir).filter((file) =>
    readFileSync(join(door.dataDir, file)).includes(Buffer.from(text)),
  )

await t.test('after erasure nobody reads a word, everything that happened is still counted', async (t) => {
  const family = await aFamily()
  await recordVisit(door, family, { toldBy: WORDS })
  const consultation = await openConsultation(door, family)
  await done(door, 'partner', `/v1/consultations/${consultation}/record-session`, {
    facts: WORDS,
    topics: [],
  })
  await done(door, 'partner', `/v1/consultations/${consultation}/close`, { closeReason: WORDS })
  const before = await timeline('partner', family)
  t.match(JSON.stringify(before), WORDS)
  t.equal((await page('partner', family)).members[0].name, NAME)
  const search = { name: NAME, birthDate: '2022-05-05' }
  const found = await door.post('nakamura', '/v1/families/search', search, await fresh(door))
  t.ok(found.json().families.some(({ familyId }: { familyId: string }) => familyId === family.id))

  problem(
    t,
    await door.get('director', `/v1/families/${family.id}/erasure-certificate`),
    404,
    'request/not-found',
  )
  await erased(family)
  const after = await timeline('partner', family)
  t.strictSame(
    after.map(({ type, eventId }: { type: string; eventId: string }) => [type, eventId]),
    before.map(({ type, eventId }: { type: string; eventId: string }) => [type, eventId]),
    'the same things happened',
  )
  t.notMatch(JSON.stringify(after), WORDS)
  t.match(JSON.stringify(after), '消去済み')
  t.notMatch(JSON.stringify(await page('partner', family)), /花子|太郎|2022-05-05|K-/)
  t.notOk(
    (await door.post('nakamura', '/v1/families/search', search, await fresh(door)))
      .json()
      .families.some(({ familyId }: { familyId: string }) => familyId === family.id),
  )
  t.match((await door.get('director', `/v1/families/${family.id}/erasure-certificate`)).json(), {
    familyId: family.id,
    decided: { why: 'suspensionRequest', by: { role: 'hubDirector' } },
    keysDestroyedAt: /^20/,
  })
  t.equal((await erase(family)).statusCode, 200, 'once is enough')
})

await t.test('a family that is erased while an answer is being made is not released from it', async (t) => {
  const family = await aFamily({})
  const consultation = newId()
  const opened = { familyId: family.id, trigger: 'conversationShift', service: 'hirobaTalk' }
  await done(door, 'partner', `/v1/consultations/${consultation}/open`, opened)
  await done(door, 'partner', `/v1/consultations/${consultation}/close`, { closeReason: WORDS })
  const headers = await fresh(door)
  const { store, keyring } = door.system
  const { append } = store
  t.teardown(() => Object.assign(store, { append }))
  Object.assign(store, {
    append: async (...args: Parameters<typeof append>) => {
      if (args[0] === `access-${family.id}`) await keyring.destroy({ familyId: family.id, because: newId() })
      return append.apply(store, args)
    },
  })
  const answer = await door.get('partner', `/v1/families/${family.id}/timeline`, headers)
  Object.assign(store, { append })
  t.equal(answer.statusCode, 200)
  t.match(answer.body, '消去済み')
  t.notMatch(answer.body, WORDS)
})

await t.test('nothing personal is in any file, before or after', async (t) => {
  const family = await aFamily({ learnedFrom: 'カナリアの知らせ' })
  await door.settled()
  t.ok(onDisk(family.id).length > 0, 'the files are read as they are')
  for (const text of [NAME, '花子', '消去 太郎', '2022-05-05', 'カナリアの知らせ', WORDS])
    t.strictSame(onDisk(text), [])
})

await t.test('nor is it remembered in memory', async (t) => {
  const family = await aFamily()
  const remembered = async () => JSON.stringify((await door.system.view(familyFold, family.id)).state)
  t.match(await remembered(), '2022-05-05')
  await erased(family)
  t.notMatch(await remembered(), '2022-05-05')
})

await t.test('nothing more is recorded about who was erased', async (t) => {
  const family = await aFamily()
  await erased(family)
  const visit = await door.post('nakamura', `/v1/visits/${newId()}/record`, {
    familyId: family.id,
    visitors: ['mother'],
  })
  problem(t, visit, 409, 'family/erased')
  problem(
    t,
    await door.post('nakamura', `/v1/families/${family.id}/update-profile`, { card: 'K-9' }),
    409,
    'family/erased',
  )
})

await t.test('a legal hold stops it, whoever decides', async (t) => {
  const family = await aFamily()
  await done(door, 'auditor', `/v1/retention/${family.id}/place-legal-hold`, { hold: 'h1', reason: 'court' })
  problem(t, await erase(family), 409, 'retention/legal-hold')
  t.equal(door.system.keyring.destroyed(family.id), undefined)
  await done(door, 'director', `/v1/retention/${family.id}/release-legal-hold`, { hold: 'h1' })
  t.equal((await erase(family)).statusCode, 200)
})

await t.test('what is still open has to be ended first', async (t) => {
  const family = await aFamily()
  const consultation = await openConsultation(door, family)
  problem(t, await erase(family), 409, 'retention/open-items')
  await done(door, 'partner', `/v1/consultations/${consultation}/close`, { closeReason: '終結' })
  t.equal((await erase(family)).statusCode, 201)
})

await t.test('who decides: a manager of whose register it is', async (t) => {
  const family = await aFamily()
  const { id } = await sendReferral(door, family)
  await done(door, 'partner', `/v1/referrals/${id}/withdraw`, { withdrawnBy: 'sender' })
  problem(t, await erase(family, { why: 'suspensionRequest' }, 'wardManager'), 403, 'retention/not-yours')
  problem(t, await erase(family, { why: 'suspensionRequest' }, 'partner'), 403, 'access/role-not-allowed')
  problem(
    t,
    await erase(family, { why: 'suspensionRequest' }, 'directorElsewhere'),
    404,
    'retention/not-found',
  )
})

await t.test('whose it is not learns nothing of what is open', async (t) => {
  const family = await aFamily()
  await sendReferral(door, family)
  await openConsultation(door, family)
  await door.settled()
  const ward = await erase(family, { why: 'suspensionRequest' }, 'wardManager')
  problem(t, ward, 403, 'retention/not-yours')
  problem(t, await erase(family, { why: 'retentionEnded' }), 409, 'retention/not-due')
  const open = problem(t, await erase(family), 409, 'retention/open-items')
  t.notMatch(String(open.detail), /\d/, 'nor does anybody get a number')
})

await t.test('without a register nobody decides, and a hold can be placed all the same', async (t) => {
  const unheardOf = newId()
  const visited = newId()
  await done(door, 'elsewhere', `/v1/visits/${newId()}/record`, { familyId: visited, visitors: ['mother'] })
  await door.settled()
  for (const [id, who] of [
    [unheardOf, 'director'],
    [unheardOf, 'wardManager'],
    [visited, 'directorElsewhere'],
  ] as const) {
    const decide = (path: string, body: object) => door.post(who, `/v1/retention/${id}/${path}`, body)
    const suspended = { why: 'suspensionRequest' }
    problem(t, await decide('erase-personal-data', suspended), 409, 'retention/no-register')
    await done(door, who, `/v1/retention/${id}/place-legal-hold`, { hold: 'h', reason: 'court' })
    await done(door, who, `/v1/retention/${id}/release-legal-hold`, { hold: 'h' })
  }
  await door.system.execute({
    lifecycle: retention,
    name: 'ProposeErasure',
    id: visited,
    data: { keepUntil: '2020-03-31', decidedByClass: 'visit' },
    actor: systemActor,
    occurrence: { occurredAt: now, occurredOn: '2024-06-04', precision: 'instant' },
    commandId: newId(),
  })
  const later = { until: '2031-06-30', reason: 'audit' }
  const postpone = await door.post('directorElsewhere', `/v1/retention/${visited}/postpone-erasure`, later)
  problem(t, postpone, 409, 'retention/no-register')
  const ended = await erase(
    { id: visited, mother: '', child: '' },
    { why: 'retentionEnded' },
    'directorElsewhere',
  )
  problem(t, ended, 409, 'retention/no-register')
})

await t.test('a hold says nothing of a council', async (t) => {
  const family = await aFamily()
  const council = { hold: 'h1', reason: 'council' }
  problem(
    t,
    await door.post('director', `/v1/retention/${family.id}/place-legal-hold`, council),
    400,
    'request/invalid',
  )
})

await t.test('the schedule proposes, a person decides', async (t) => {
  const family = await aFamily()
  await door.settled()
  problem(t, await erase(family, { why: 'retentionEnded' }), 409, 'retention/not-due')
  const dues = async () =>
    (await door.get('director', '/v1/retention/due', await fresh(door)))
      .json()
      .proposals.filter(({ familyId }: { familyId: string }) => familyId === family.id)
  // Registered in the fiscal year 2024, which ends on 31 March 2025; kept for five more.
  now = startOfDay('2030-03-31')
  await proposeErasures(door.system)
  t.strictSame(await dues(), [])
  now = startOfDay('2030-04-01')
  t.ok((await proposeErasures(door.system)) > 0)
  t.match(await dues(), [{ keepUntil: '2030-03-31', decidedByClass: 'registration', open: 0 }])
  t.equal(await proposeErasures(door.system), 0, 'once')

  await done(door, 'director', `/v1/retention/${family.id}/postpone-erasure`, {
    until: '2030-06-30',
    reason: 'audit',
  })
  t.strictSame(await dues(), [])
  now = startOfDay('2030-06-30')
  await door.settled()
  await proposeErasures(door.system)
  t.strictSame(await dues(), [])
  now = startOfDay('2030-07-01')
  await proposeErasures(door.system)
  t.equal((await dues()).length, 1)
  const answer = await erase(family, { why: 'retentionEnded', reference: '廃棄 令12-7' })
  t.equal(answer.statusCode, 200, answer.body)
  t.ok(await door.system.eraser.done(BigInt(String(answer.headers['commit-position'])), 5_000))
  t.ok(door.system.keyring.destroyed(family.id))
})
