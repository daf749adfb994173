/** Takes each event once, by webhook or from the feed, and keeps it. README.md says how to run it. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { appendFileSync, fsyncSync, ftruncateSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { WEBHOOK_SECRET = '', FEED_URL = '', API_KEY = '', STATE_FILE = 'taken.jsonl' } = process.env
const PORT = Number(process.env.PORT ?? 8080)
const HOLE_MS = Number(process.env.HOLE_SECONDS ?? 10) * 1_000
const READ_EVERY_MS = 3_600_000
const MOST_BYTES = 1_000_000

if (!FEED_URL || !API_KEY) throw new Error('FEED_URL and API_KEY are needed')
const secrets = WEBHOOK_SECRET.split(' ').map((secret) => {
  if (!/^whsec_[A-Za-z0-9+/]{32,}=*$/.test(secret)) throw new Error('WEBHOOK_SECRET is one whsec_… or two')
  return Buffer.from(secret.slice('whsec_'.length), 'base64')
})

// What was taken. Both ways share it, so an event that comes by both is taken once.
const taken = new Set()
/** Every sequence up to here was taken; `ahead` are those beyond the first hole. */
let through = 0
const ahead = new Set()
let cursor

const note = (entry) => {
  if (entry.cursor) cursor = entry.cursor
  if (!entry.event) return
  taken.add(entry.event.id)
  const sequence = Number(entry.event.sequence)
  if (sequence > through) ahead.add(sequence)
  while (ahead.delete(through + 1)) through += 1
}

const file = openSync(STATE_FILE, 'a')
const before = readFileSync(STATE_FILE)
const whole = before.lastIndexOf('\n') + 1
// Torn by a kill, so nobody was told that it was taken.
if (whole < before.length) ftruncateSync(file, whole)
for (const line of before.subarray(0, whole).toString().split('\n')) if (line) note(JSON.parse(line))

/** On the disk when it returns. Throws, and so ends the program, when the disk does not take it. */
const keep = (entries) => {
  appendFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  fsyncSync(file)
  for (const entry of entries) note(entry)
}

/** No `await` between asking and keeping: the same event may be coming by the other way. */
const take = (events, next) => {
  const fresh = events.filter(({ id }) => !taken.has(id))
  keep([
    ...fresh.map((event) => ({ event })),
    ...(next === undefined || next === cursor ? [] : [{ cursor: next }]),
  ])
  for (const { sequence, type, subject, id } of fresh)
    console.log(`took ${sequence} ${type} ${subject} ${id}`)
}

const isSigned = (id, timestamp, signatures, body) => {
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) <= 300)) return false
  const expected = secrets.map((secret) =>
    createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest(),
  )
  return (signatures ?? '').split(' ').some((signature) => {
    const [version, text = ''] = signature.split(',')
    const given = Buffer.from(text, 'base64')
    return (
      version === 'v1' && expected.some((one) => one.length === given.length && timingSafeEqual(one, given))
    )
  })
}

const bodyOf = async (request) => {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw new Error('too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const statusFor = async (request) => {
  if (request.method !== 'POST') return 405
  const {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures,
  } = request.headers
  const body = await bodyOf(request).catch(() => undefined)
  if (body === undefined) return 400
  if (!isSigned(id, timestamp, signatures, body)) return 401
  take([JSON.parse(body.toString())])
  if (ahead.size > 0) readSoon()
  return 204
}

/** `undefined`: not now. */
const pageAfter = async (place) => {
  const url = new URL(FEED_URL)
  url.searchParams.set('limit', '500')
  if (place !== undefined) url.searchParams.set('after', place)
  try {
    const headers = { authorization: `Bearer ${API_KEY}` }
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) })
    if (answer.ok) return await answer.json()
    console.error(`the feed answered ${answer.status}: ${await answer.text()}`)
    if (answer.status !== 410) return undefined
  } catch (error) {
    console.error(`the feed cannot be read: ${error.cause?.message ?? error.message}`)
    return undefined
  }
  console.error(`EVENTS ARE LOST TO THIS SUBSCRIBER: the feed no longer keeps what came after ${through}.`)
  console.error('Nothing was skipped. Someone must decide how to go on: README.md.')
  process.exit(2)
}

let isReading = false
const readFeed = async () => {
  if (isReading) return
  isReading = true
  let page
  do {
    page = await pageAfter(cursor)
    if (page) take(page.events, page.cursor)
  } while (page?.more)
  isReading = false
  if (page && ahead.size > 0) console.error(`${through + 1} is missing, in the feed, too`)
  if (!page || ahead.size > 0) readSoon()
}

/** Families overtake each other, so most holes close by themselves. */
let isAwaited = false
const readSoon = () => {
  if (isAwaited) return
  isAwaited = true
  setTimeout(async () => {
    isAwaited = false
    await readFeed()
  }, HOLE_MS)
}

createServer(async (request, response) => {
  response.writeHead(await statusFor(request)).end()
}).listen(PORT, () => console.error(`listening on ${PORT}, everything up to ${through} taken`))

// After the last event there is no hole to see, and a cursor that is never moved grows too old.
setInterval(readFeed, READ_EVERY_MS)
await readFeed()
