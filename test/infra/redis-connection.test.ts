import t from 'tap'
import { openRedis } from '#infra/redis/connection.ts'
import { startChild } from '#test/faults/kit/child.ts'
import { connectTo, noRedis, startRedis, until } from '#test/kit/redis.ts'

t.setTimeout(120_000)

await t.test('it is said once that Redis is away, and once that it is back', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const said: string[] = []
  const say = (_fields: object, text: string) => void said.push(text)
  const connection = openRedis(redis.url, { info: say, warn: say })
  t.teardown(() => connection.close())
  await until(connection.isUp, 'up')
  await redis.kill()
  await until(() => !connection.isUp(), 'down')
  // Long enough for several attempts.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  await t.rejects(connection.client.ping(), { message: /writeable/ }, 'refused, not kept for later')
  await redis.restart()
  await until(connection.isUp, 'up again')
  connection.close()
  await until(() => !connection.isUp(), 'closed')
  t.strictSame(said, ['Redis is there', 'Redis is away; going on without', 'Redis is there'])
})

await t.test('a Redis that falls silent is hung up on', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const { client, isUp } = await connectTo(t, redis)
  redis.freeze()
  await t.rejects(client.ping(), 'the first one waits, but not for ever')
  await until(() => !isUp(), 'hung up')
  await t.rejects(client.ping(), { message: /writeable/ }, 'the next ones do not')
  redis.thaw()
  await until(isUp, 'back')
  t.equal(await client.ping(), 'PONG')
})

await t.test('a closed connection keeps no process alive', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const ends = async (url: string, what: string) => {
    const child = startChild('../../infra/kit/closing-redis.ts', [url])
    const alarm = setTimeout(() => child.process.kill('SIGKILL'), 20_000)
    t.equal(await child.gone, 0, what)
    clearTimeout(alarm)
    t.strictSame(child.said, ['closed'])
  }
  await ends(redis.url, 'up')
  redis.freeze()
  await ends(redis.url, 'frozen')
  await redis.kill()
  await ends(redis.url, 'refused')
  // Reserved for documentation: nobody answers there (RFC 5737).
  await ends('redis://192.0.2.1:6379', 'nobody there')
})
