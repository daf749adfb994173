import t from 'tap'
import type { Door } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { openStream } from '#test/kit/event-stream.ts'
import { DAY, openSending, sequencesOf } from '#test/kit/sending.ts'

type Page = {
  readonly events: readonly {
    readonly id: string
    readonly sequence: string
    readonly partitionkey: string
  }[]
  readonly cursor: string
  readonly more: boolean
}
const FILTER = 'types=ReferralSent,ReferralAcknowledged'
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, i) => from + i)

const pageOf = async (door: Door, query: string): Promise<Page> =>
  (await door.get('integration', `/v1/feeds/referrals?${query}`, await fresh(door))).json()
const readAll = async (door: Door, query: string, from = '') => {
  const events: Page['events'][number][] = []
  for (let after = from && `&after=${from}`; ; ) {
    const page = await pageOf(door, `limit=37&${query}${after}`)
    events.push(...page.events)
    if (!page.more) return { events, cursor: page.cursor }
    after = `&after=${page.cursor}`
  }
}
const numbers = (events: Page['events']) => events.map(({ sequence }) => Number(sequence))

await t.test('a subscriber that was away for a month misses nothing and gets nothing twice', async (t) => {
  const sending = await openSending(t, { engine: 'sqlite', listen: true })
  const { door, receiver } = sending
  const someDays = async (days: number) => {
    for (let day = 0; day < days; day++) {
      for (let i = 0; i < 4; i++) {
        const { id } = await sendReferral(door, await registerFamily(door))
        await done(door, 'mchCoordinator', `/v1/referrals/${id}/acknowledge`, {})
        if (i === 3) await done(door, 'partner', `/v1/referrals/${id}/withdraw`, { reason: '取下げ' })
      }
      await sending.pass(DAY)
    }
  }
  const { id } = await sending.subscribe()
  await someDays(2)
  const before = await readAll(door, '')
  const beforeThrough = await readAll(door, FILTER)
  t.strictSame(numbers(before.events), upTo(before.events.length))
  t.strictSame(
    sequencesOf(receiver).toSorted((a, b) => a - b),
    upTo(before.events.length),
  )
  await done(door, 'integration', '/v1/feeds/referrals/consumers/nightly/commit', { cursor: before.cursor })

  await receiver.stop()
  await someDays(31)
  t.match(await sending.page(id), { state: 'disabled', disabled: { because: 'failing' } })

  const whole = await readAll(door, '')
  const wholeThrough = await readAll(door, FILTER)
  const [count, countThrough] = [whole.events.length, wholeThrough.events.length]
  t.equal(count, before.events.length + 31 * 9)
  t.strictSame(numbers(whole.events), upTo(count), 'no hole and nothing twice, from the beginning')
  t.strictSame(numbers(wholeThrough.events), upTo(countThrough), 'nor through a filter')

  const missed = whole.events.slice(before.events.length)
  t.strictSame((await readAll(door, '', before.cursor)).events, missed, 'by its cursor')
  t.strictSame(
    (await readAll(door, FILTER, beforeThrough.cursor)).events,
    wholeThrough.events.slice(beforeThrough.events.length),
    'by one through a filter',
  )
  t.strictSame((await readAll(door, 'consumer=nightly')).events, missed, 'by its name')
  const stream = await openStream(t, door, door.token('integration'), '', { 'last-event-id': before.cursor })
  t.strictSame(
    (await stream.take(missed.length)).map(({ data }) => data),
    missed,
    'by the stream',
  )
  stream.close()

  await receiver.restart()
  await done(door, 'integration', `/v1/subscriptions/${id}/enable`)
  await sending.idle()
  const taken = new Map(receiver.taken.map(({ event }) => [Number(event.sequence), event.id]))
  t.strictSame(
    [...taken.keys()].toSorted((a, b) => a - b),
    upTo(count),
    'by webhook, once the endpoint is there again',
  )
  t.strictSame(
    whole.events.filter(({ id: eventId, sequence }) => taken.get(Number(sequence)) !== eventId),
    [],
    'under the numbers of the feed',
  )
  const ofFamily = new Map<string, number>()
  for (const { event } of receiver.taken) {
    const sequence = Number(event.sequence)
    t.ok((ofFamily.get(event.partitionkey) ?? 0) < sequence, 'each family in its order')
    ofFamily.set(event.partitionkey, sequence)
  }

  for (const name of ['referral-feed', 'deliveries']) await door.system.projector.rebuild(name)
  await door.settled()
  t.strictSame((await readAll(door, '')).events, whole.events, 'built anew, nothing has another number')
  t.strictSame((await readAll(door, FILTER)).events, wholeThrough.events)
  t.strictSame((await readAll(door, '', before.cursor)).events, missed, 'and the cursors are good')
  await sending.idle()
  t.equal(receiver.taken.length, count, 'nothing is sent again for it')
})
