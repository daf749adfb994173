import t from 'tap'
import { catalogue } from '#domain/events.ts'
import { noteOf } from '#src/write/note.ts'
import { newId, openTestDoor, staff } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { startReceiver } from '#test/kit/receiver.ts'

/** As they would stand in the log. */
const acknowledged = () =>
  noteOf(
    'ReferralAcknowledged',
    catalogue.ReferralAcknowledged,
    {},
    { recordedAt: new Date().toISOString(), actor: staff.mchCoordinator },
  )
const LETTERS = 50
const EACH = 240

/** How often others had their turn meanwhile. */
const turnsDuring = async (work: () => Promise<unknown>): Promise<number> => {
  let turns = 0
  let isOver = false
  const turn = () => {
    turns += 1
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await work().finally(() => {
    isOver = true
  })
  return turns
}

t.test('what hardly fits is found among thousands, and nobody waits for it meanwhile', async (t) => {
  const door = await openTestDoor(t)
  const ids: string[] = []
  for (let i = 0; i < LETTERS; i++) ids.push((await sendReferral(door, await registerFamily(door))).id)
  for (const id of ids)
    await door.system.store.append(`referral-${id}`, 'any', Array.from({ length: EACH }, acknowledged))
  await done(door, 'partner', `/v1/referrals/${ids[0]}/withdraw`, { reason: '取下げ' })
  const headers = await fresh(door)
  const read = async (query: string) => {
    for (let after = ''; ; ) {
      const page = (await door.get('integration', `/v1/feeds/referrals?${query}${after}`, headers)).json()
      if (page.events.length > 0 || !page.more) return page
      after = `&after=${page.cursor}`
    }
  }
  const alone = await turnsDuring(() => read('limit=1'))
  let page: { events: readonly object[] } = { events: [] }
  const among = await turnsDuring(async () => {
    page = await read('types=ReferralWithdrawn')
  })
  t.match(page.events, [{ sequence: '1', data: { type: 'ReferralWithdrawn' } }])
  t.ok(among - alone >= 8, `${alone} turns, then ${among}`)

  const receiver = await startReceiver(t)
  await done(door, 'integration', `/v1/subscriptions/${newId()}/create`, {
    name: '取下げだけ',
    purpose: '取下げの把握',
    filter: { types: ['ReferralWithdrawn'] },
    after: 'beginning',
    endpoint: { url: receiver.url },
  })
  t.ok(await door.system.deliveries.idle(await door.system.store.head(), 20_000))
  t.match(receiver.taken, [{ event: { sequence: '1' } }])
})
