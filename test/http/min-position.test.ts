import t from 'tap'
import { newId, openTestDoor, problem } from '#test/kit/door.ts'
import { done, registerFamily } from '#test/kit/door-story.ts'

for (const engine of ['memory', 'sqlite'] as const)
  await t.test(`over ${engine}`, async (t) => {
    const door = await openTestDoor(t, { engine })
    const family = await registerFamily(door)

    await t.test('what was written is read, fifty times in a row', async (t) => {
      for (let i = 1; i <= 50; i++) {
        const written = await done(door, 'nakamura', `/v1/visits/${newId()}/record`, {
          visitors: ['mother'],
          familyId: family.id,
        })
        const headers = { 'min-position': String(written.headers['commit-position']) }
        const { entries } = (
          await door.get('nakamura', `/v1/families/${family.id}/timeline?kind=visit&limit=500`, headers)
        ).json()
        t.equal(entries.length, i)
      }
    })

    await t.test('a position that nobody has written yet: waits two seconds, then says so', async (t) => {
      const ahead = String((await door.system.store.head()) + 1_000n)
      const started = performance.now()
      const response = await door.get('nakamura', `/v1/families/${family.id}`, { 'min-position': ahead })
      const took = performance.now() - started
      const body = problem(t, response, 503, 'service/behind')
      t.equal(body.retryable, true)
      t.match(response.headers['retry-after'], /^\d+$/)
      t.ok(took > 1_900 && took < 4_000, `${took.toFixed(0)} ms`)
    })

    await t.test('who waits is answered when it comes', async (t) => {
      const next = String((await door.system.store.head()) + 1n)
      const waiting = door.get('nakamura', `/v1/families/${family.id}`, { 'min-position': next })
      await done(door, 'nakamura', `/v1/visits/${newId()}/record`, { visitors: ['mother'] })
      t.equal((await waiting).statusCode, 200)
    })

    await t.test('what is no position is malformed', async (t) => {
      for (const bad of ['x', '-1', '1.5', '', '1e3', '99999999999999999999', '0x10'])
        problem(
          t,
          await door.get('nakamura', `/v1/families/${family.id}`, { 'min-position': bad }),
          400,
          'request/invalid',
        )
      t.equal(
        (await door.get('nakamura', `/v1/families/${family.id}`, { 'min-position': '0' })).statusCode,
        200,
      )
    })
  })
