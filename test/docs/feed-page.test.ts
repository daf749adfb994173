import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { lifecycles } from '#domain/lifecycles.ts'
import { refusalTexts, titles } from '#src/http/problem.ts'
import { openTestDoor } from '#test/kit/door.ts'
import { done, registerFamily, sendReferral } from '#test/kit/door-story.ts'

const page = readFileSync(new URL('../../docs/feed.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)

const door = await openTestDoor(t, { listen: true })
await sendReferral(door, await registerFamily(door))
await door.settled()
await done(door, 'admin', '/v1/integrations/ward-system/register', {
  organization: 'ORG-141097-W',
  name: '区の業務システム',
  scopes: ['events:read'],
})
const { secret } = (
  await done(door, 'admin', '/v1/integrations/ward-system/keys', { expiresOn: '2027-06-04' })
).json()

/** As it is pasted; a stream is left after two seconds. */
const paste = async (block: string) => {
  const script = `curl() { command curl --max-time 2 "$@"; }\n${block}`
  const env = { PATH: process.env.PATH ?? '', TSUNAGI: door.origin, KEY: secret }
  const ran = promisify(execFile)('bash', ['-c', script], { env })
  return ran.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  )
}

t.test('the lines of docs/feed.md work as they are written', async (t) => {
  const [pages = '', stream = '', consumer = ''] = blocks
  t.equal(blocks.length, 3)
  const first = JSON.parse(await paste(pages))
  t.match(first, { events: [{ sequence: '1' }], cursor: String, more: false })
  const told = await paste(stream)
  t.match(told, /^retry: 2000\n\nid: .*\ndata: \{"specversion":"1\.0"/)
  t.match(told, `id: ${first.cursor}\n`)
  const shown = /"cursor":"([^"]+)"/.exec(consumer)?.[1] ?? ''
  t.ok(page.includes(`"cursor": "${shown}"`), 'the cursor of the page above it')
  const [read, committed] = (await paste(consumer.replace(shown, first.cursor))).split(/(?<=\})(?=\{"id")/)
  t.match(JSON.parse(read ?? ''), { events: [{ sequence: '1' }] })
  t.match(JSON.parse(committed ?? ''), {
    events: [{ type: 'FeedConsumerNamed' }, { type: 'FeedPlaceCommitted' }],
  })
})

t.test('what it says of the answers is so', async (t) => {
  const consumers = await door.inject({
    method: 'GET',
    url: '/v1/feeds/referrals/consumers',
    headers: { authorization: `Bearer ${secret}` },
  })
  t.match(consumers.json(), { consumers: [{ name: 'nightly', sequence: 1, feedBehind: 0 }] })
  const known = new Set<string>([...Object.keys(titles), ...refusalTexts(lifecycles).keys()])
  const named = [...page.matchAll(/["`]([a-z-]+\/[a-z-]+)["`]/g)].map(([, code = '']) => code)
  t.ok(named.length >= 5)
  t.strictSame(
    named.filter((code) => !known.has(code)),
    [],
  )
})
