import t from 'tap'
import { newId, openTestDoor, type Who } from '#test/kit/door.ts'

const visit = JSON.stringify({ visitors: ['mother'], children: 1 })
const door = await openTestDoor(t, { engine: 'sqlite', listen: true, logLevel: 'warn' })

const ask = (who: Who, method: string, path: string, given: RequestInit = {}) =>
  fetch(`${door.origin}${path}`, {
    method,
    ...given,
    headers: {
      authorization: `Bearer ${door.token(who)}`,
      ...(given.body && { 'content-type': 'application/json' }),
      ...(given.headers as Record<string, string>),
    },
  })

await t.test('a fact is recorded, told again under its key, and read back', async (t) => {
  const family = newId()
  const registered = await ask('nakamura', 'POST', `/v1/families/${family}/register`, { body: '{}' })
  t.equal(registered.status, 201)
  const path = `/v1/visits/${newId()}/record`
  const body = JSON.stringify({ ...JSON.parse(visit), familyId: family })
  const first = await ask('nakamura', 'POST', path, { body, headers: { 'idempotency-key': 'socket-1' } })
  t.equal(first.status, 201)
  t.equal(first.headers.get('etag'), '"1"')
  const receipt = await first.json()
  const again = await ask('nakamura', 'POST', path, { body, headers: { 'idempotency-key': 'socket-1' } })
  t.equal(again.headers.get('idempotency-replayed'), 'true')
  t.strictSame(await again.json(), receipt)

  const position = first.headers.get('commit-position') ?? ''
  const timeline = await ask('nakamura', 'GET', `/v1/families/${family}/timeline?order=oldest`, {
    headers: { 'min-position': position },
  })
  t.match(await timeline.json(), { entries: [{ kind: 'family' }, { kind: 'visit' }] })
  t.equal(timeline.headers.get('cache-control'), 'no-store')
  const hidden = await ask('elsewhere', 'GET', `/v1/families/${family}/timeline`)
  t.equal(hidden.status, 404)
})

await t.test('HEAD answers like GET, without the content', async (t) => {
  const family = newId()
  await ask('nakamura', 'POST', `/v1/families/${family}/register`, { body: '{}' })
  await door.settled()
  const [head, get] = [
    await ask('nakamura', 'HEAD', `/v1/families/${family}`),
    await ask('nakamura', 'GET', `/v1/families/${family}`),
  ]
  t.strictSame([head.status, head.headers.get('etag')], [get.status, get.headers.get('etag')])
  t.equal(await head.text(), '')
})

await t.test('a body without a length that never ends is cut off', async (t) => {
  let sent = 0
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 16_384
      if (sent > 50_000_000) controller.close()
      else controller.enqueue(new Uint8Array(16_384).fill(0x20))
    },
  })
  const response = await ask('nakamura', 'POST', `/v1/visits/${newId()}/record`, {
    body: endless,
    duplex: 'half',
  } as RequestInit).catch(() => undefined)
  if (response) t.equal(response.status, 413)
  t.ok(sent < 50_000_000, `${sent} bytes were taken`)
})

await t.test('a batch answers line by line while it is still being sent', async (t) => {
  const line = () =>
    new TextEncoder().encode(
      `${JSON.stringify({ collection: 'visits', command: 'record', id: newId(), data: { visitors: ['mother'] } })}\n`,
    )
  let more: () => void = () => undefined
  const answered = new Promise<void>((resolve) => {
    more = resolve
  })
  const lines = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(line())
      await answered
      controller.enqueue(line())
      controller.close()
    },
  })
  const response = await ask('nakamura', 'POST', '/v1/batch', {
    body: lines,
    duplex: 'half',
    headers: { 'content-type': 'application/x-ndjson' },
  } as RequestInit)
  t.equal(response.status, 200)
  const reader = (response.body ?? lines).pipeThrough(new TextDecoderStream()).getReader()
  t.match((await reader.read()).value, /"line":1,"status":201/)
  more()
  t.match((await reader.read()).value, /"line":2,"status":201/)
})
