import { appendFileSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeSigningKeys } from '#infra/webhooks/signature.ts'
import { API_KEY, type CloudEvent, cloudEvents, deliver, fakeFeed } from './kit/fake-feed.ts'
import { startSubscriber, stateFile, takenIn, until } from './kit/subscriber.ts'

const keys = makeSigningKeys()

const prepare = async (t: Test) => {
  const dir = t.testdir()
  const feed = await fakeFeed(t)
  const start = (more: { holeSeconds?: number; preload?: string; secret?: string } = {}) =>
    startSubscriber(t, { dir, secret: keys.secret, feedUrl: feed.url, apiKey: API_KEY, ...more })
  return { dir, feed, start }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)
/** For what must not happen. */
const LONG_MS = 600

const nth = (events: readonly CloudEvent[], sequence: number): CloudEvent => {
  const event = events[sequence - 1]
  if (!event) throw new Error(`no event ${sequence}`)
  return event
}

t.test('what comes is taken once and said, however often it comes', async (t) => {
  const { dir, start } = await prepare(t)
  const events = cloudEvents(3)
  const subscriber = await start()
  for (const event of [...events, nth(events, 2), nth(events, 3)])
    t.equal(await deliver(subscriber.url, event, { by: [keys] }), 204)
  t.strictSame(takenIn(dir), [1, 2, 3])
  await until(() => subscriber.said.length === 3)
  t.equal(subscriber.said[0], `took 1 ${nth(events, 1).type} referral-1 ${nth(events, 1).id}`)

  await subscriber.kill()
  const again = await start()
  t.equal(await deliver(again.url, nth(events, 2), { by: [keys] }), 204)
  t.strictSame(takenIn(dir), [1, 2, 3], 'nor after a start')
})

t.test('what tsunagi did not sign, or not now, is refused', async (t) => {
  const { dir, start } = await prepare(t)
  const [event, other] = [nth(cloudEvents(1), 1), nth(cloudEvents(1), 1)]
  const { url } = await start()
  const now = Math.floor(Date.now() / 1_000)
  t.equal(await deliver(url, event, { by: [makeSigningKeys()] }), 401, 'another key')
  t.equal(await deliver(url, event, { by: [keys], as: other }), 401, 'another body')
  t.equal(await deliver(url, event, { by: [keys], timestamp: now - 360 }), 401, 'six minutes old')
  t.equal(await deliver(url, event, { by: [] }), 401, 'no signature')
  t.strictSame(takenIn(dir), [])
  t.equal(await deliver(url, event, { by: [keys] }), 204)
})

t.test('a secret that is none is not a secret', async (t) => {
  const { start } = await prepare(t)
  for (const secret of ['', `${keys.secret} `, keys.publicKey])
    t.equal(await (await start({ secret })).ended, 1, secret.slice(0, 6))
})

t.test('while keys are rotated it may hold both', async (t) => {
  const { dir, start } = await prepare(t)
  const fresh = makeSigningKeys()
  const events = cloudEvents(4)
  const { url } = await start({ secret: `${keys.secret} ${fresh.secret}` })
  t.equal(await deliver(url, nth(events, 1), { by: [keys] }), 204, 'the old one')
  t.equal(await deliver(url, nth(events, 2), { by: [keys, fresh] }), 204, 'both')
  t.equal(await deliver(url, nth(events, 3), { by: [fresh] }), 204, 'the new one')
  t.equal(await deliver(url, nth(events, 4), { by: [makeSigningKeys()] }), 401)
  t.strictSame(takenIn(dir), [1, 2, 3])
})

t.test('families overtake each other, and nothing is read again for it', async (t) => {
  const { dir, feed, start } = await prepare(t)
  const events = cloudEvents(4)
  const { url } = await start({ holeSeconds: 60 })
  await until(() => feed.asked.length === 1)
  for (const sequence of [2, 4, 1, 3]) await deliver(url, nth(events, sequence), { by: [keys] })
  t.strictSame(takenIn(dir), [2, 4, 1, 3])
  t.equal(feed.asked.length, 1)
})

t.test('a hole that stays is filled from the feed', async (t) => {
  const { dir, feed, start } = await prepare(t)
  feed.events = cloudEvents(9)
  const all = feed.events
  feed.events = all.slice(0, 1)
  const subscriber = await start()
  await until(() => takenIn(dir).length === 1)
  feed.events = all
  for (const sequence of [2, 9]) await deliver(subscriber.url, nth(all, sequence), { by: [keys] })
  await until(() => takenIn(dir).length === 9)
  t.strictSame(takenIn(dir), [1, 2, 9, 3, 4, 5, 6, 7, 8])
  t.strictSame(feed.asked, [null, 'cursor-1', 'cursor-4', 'cursor-7'])

  const asked = feed.asked.length
  await pause(LONG_MS)
  t.equal(feed.asked.length, asked, 'and then it is quiet')
})

t.test('a hole in the feed, too, is said again and again', async (t) => {
  const { dir, feed, start } = await prepare(t)
  const events = cloudEvents(3)
  const subscriber = await start()
  await deliver(subscriber.url, nth(events, 3), { by: [keys] })
  const complaints = () => subscriber.complained.filter((line) => line.includes('1 is missing'))
  await until(() => complaints().length > 1)
  feed.events = events
  await until(() => takenIn(dir).length === 3)
  t.strictSame(takenIn(dir), [3, 1, 2])
})

t.test(
  'killed in the middle, it has everything once: what it took, what came again, what it missed',
  async (t) => {
    const { dir, feed, start } = await prepare(t)
    const all = cloudEvents(400)
    const answered = new Set<number>()
    let sent = 0
    for (const kills of [60, 150, 240]) {
      feed.events = all.slice(0, sent)
      const subscriber = await start()
      const send = async () => {
        while (answered.size < kills) {
          sent += 1
          const event = nth(all, sent)
          if ((await deliver(subscriber.url, event, { by: [keys] })) === 204)
            answered.add(Number(event.sequence))
          else return
        }
      }
      const sending = Promise.all([send(), send(), send(), send()])
      await until(() => answered.size >= kills - 20)
      await subscriber.kill()
      await sending
      const taken = new Set(takenIn(dir))
      t.strictSame(
        [...answered].filter((sequence) => !taken.has(sequence)),
        [],
        'what was answered is in the file',
      )
      appendFileSync(stateFile(dir), '{"event":{"id":"torn')
    }
    feed.events = all
    const last = await start()
    await deliver(last.url, nth(all, 400), { by: [keys] })
    await until(() => takenIn(dir).length >= 400)
    t.strictSame(sorted(takenIn(dir)), upTo(400))
    t.notMatch(readFileSync(stateFile(dir), 'utf8'), 'torn')
  },
)

t.test('missed while it was down, and nothing comes to tell it', async (t) => {
  const { dir, feed, start } = await prepare(t)
  const all = cloudEvents(12)
  const subscriber = await start()
  for (const sequence of [1, 2]) await deliver(subscriber.url, nth(all, sequence), { by: [keys] })
  await subscriber.kill()
  feed.events = all.slice(0, 11)
  const again = await start()
  await until(() => takenIn(dir).length === 11)
  t.equal(await deliver(again.url, nth(all, 12), { by: [keys] }), 204)
  t.strictSame(takenIn(dir), upTo(12))

  await again.kill()
  feed.asked.length = 0
  await start()
  await until(() => feed.asked.length === 1)
  t.strictSame(feed.asked, ['cursor-11'], 'the feed is read from where reading ended')
})

t.test('a feed that does not answer is asked again; webhooks are taken meanwhile', async (t) => {
  const { dir, feed, start } = await prepare(t)
  feed.events = cloudEvents(5)
  feed.refuses = 503
  const subscriber = await start()
  t.equal(await deliver(subscriber.url, nth(feed.events, 5), { by: [keys] }), 204)
  await until(() => subscriber.complained.filter((line) => line.includes('answered 503')).length > 2)
  t.strictSame(takenIn(dir), [5])
  feed.refuses = undefined
  await until(() => takenIn(dir).length === 5)
  t.strictSame(takenIn(dir), [5, 1, 2, 3, 4])
})

t.test('what the feed no longer keeps is not skipped: it ends, and says why', async (t) => {
  const { dir, feed, start } = await prepare(t)
  const all = cloudEvents(7)
  feed.events = all.slice(0, 2)
  const subscriber = await start()
  await until(() => takenIn(dir).length === 2)
  await subscriber.kill()
  const before = readFileSync(stateFile(dir), 'utf8')
  feed.events = all
  feed.refuses = 410
  const again = await start()
  t.equal(await again.ended, 2)
  t.match(again.complained.join('\n'), 'EVENTS ARE LOST')
  t.equal(readFileSync(stateFile(dir), 'utf8'), before)
})

t.test('nothing is answered with 2xx that the disk does not hold', async (t) => {
  const { dir, start } = await prepare(t)
  const broken = `import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    const sync = fs.fsyncSync
    let times = 0
    fs.fsyncSync = (file) => { if (++times > 2) throw new Error('EIO'); sync(file) }
    syncBuiltinESMExports()`
  const subscriber = await start({ preload: `data:text/javascript,${encodeURIComponent(broken)}` })
  const events = cloudEvents(2)
  t.equal(await deliver(subscriber.url, nth(events, 1), { by: [keys] }), 204)
  t.equal(await deliver(subscriber.url, nth(events, 2), { by: [keys] }), undefined)
  t.equal(await subscriber.ended, 1)
  const again = await start()
  t.equal(await deliver(again.url, nth(events, 2), { by: [keys] }), 204)
  t.strictSame(takenIn(dir), [1, 2])
})
