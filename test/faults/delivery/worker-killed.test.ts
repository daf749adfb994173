import t from 'tap'
import { noRedis, startRedis } from '#test/kit/redis.ts'
import { holderIn } from '../kit/chaos.ts'
import { client } from '../kit/client.ts'
import { eventually, type Node } from '../kit/node.ts'
import { randomFrom, seed } from '../kit/random.ts'
import { registerFamily } from '../kit/work.ts'
import { forgetWork } from './kit/forget-work.ts'
import { holdNext } from './kit/hold.ts'
import { startHouse } from './kit/house.ts'
import { endsWell, gotAllInOrder, hasAll, isSettled, publishedBy } from './kit/kept.ts'
import { wholeLetter } from './kit/letters.ts'
import { noProc, senderAt } from './kit/sender.ts'
import { subscribe } from './kit/subscriber.ts'

const KILLS = 3
/** The lock of a dead worker's job runs for ten seconds. */
const SOON = 60_000

t.setTimeout(600_000)

await t.test('whoever delivers is killed', { skip: noRedis || noProc }, async (t) => {
  t.comment(`SEED=${seed}`)
  const random = randomFrom(seed)
  const redis = await startRedis(t)
  const house = await startHouse(t, redis)
  const { server, nodes } = house
  const leaseIsAt = async (pid: number | undefined) => (await holderIn(redis.url)) === pid
  await eventually('the server holds the lease', () => leaseIsAt(server.pid()))
  const workers = [await house.worker('worker-1'), await house.worker('worker-2')]
  const ledger = await subscribe(t, house, 'ward-ledger')
  const writer = client({ nodes: [server], tokens: house.tokens, random })
  const family = await registerFamily(writer)
  const others = [await registerFamily(writer), await registerFamily(writer)]
  const write = async (...families: readonly string[]) => {
    for (const one of families) await wholeLetter(writer, one, random)
  }
  const isTaken = () => publishedBy(writer.finals).every((id) => ledger.taken.has(id))
  const isDone = async () => (await hasAll(ledger, publishedBy(writer.finals))) && isSettled(ledger)
  const attemptsOf = (sequence: number) =>
    ledger.moments.filter(({ what, arrival }) => what === 'came' && arrival.sequence === sequence)
  const lineOf = async (sequence: number) =>
    (await ledger.deliveries()).find((line) => line.sequence === sequence)

  /** Whoever offers work looks only now and then for somebody to take it. */
  const workersSend = async () => {
    let sender: Node | undefined
    ledger.behave(({ port }) => {
      sender = senderAt(port, nodes)
      return 204
    })
    await eventually(
      'workers send',
      async () => {
        await write(family)
        await eventually('all is taken', isTaken, SOON)
        return workers.some((worker) => worker === sender)
      },
      SOON,
    )
  }

  await t.test('a worker, three times over the same delivery', async (t) => {
    await workersSend()
    const { held, release } = holdNext(ledger, nodes)
    await write(family, ...others)
    for (let kill = 1; kill <= KILLS; kill++) {
      const ms = await eventually(`attempt ${kill} is under way`, () => held.length >= kill, SOON)
      const sender = workers.find((worker) => worker === held[kill - 1]?.sender)
      t.ok(sender, `attempt ${kill} is made by a worker`)
      t.comment(`attempt ${kill} by ${sender?.name} after ${ms.toFixed(0)} ms`)
      await sender?.kill()
      sender?.start()
    }
    await eventually('it is tried once more', () => held.length > KILLS, SOON)
    const [first] = held
    if (!first) throw new Error('nothing was held')
    const behind = ledger.moments.filter(
      ({ arrival }) => arrival.family === first.arrival.family && arrival.sequence > first.arrival.sequence,
    )
    t.strictSame(behind, [], 'what follows of its family waits')
    release()
    await eventually('all is delivered', isDone, SOON)
    t.equal(new Set(held.map(({ arrival }) => arrival.id)).size, 1, 'the same webhook-id each time')
    t.match(await lineOf(first.arrival.sequence), { state: 'delivered', attempts: [{ status: 204 }] })
    await gotAllInOrder(t, ledger)
  })

  await t.test('a worker, and Redis forgets its work: it is offered again', async (t) => {
    await workersSend()
    const { held, release } = holdNext(ledger, nodes)
    await write(family, ...others)
    await eventually('an attempt is under way', () => held.length > 0, SOON)
    const sender = workers.find((worker) => worker === held[0]?.sender)
    t.ok(sender, 'by a worker')
    await sender?.kill()
    await forgetWork(redis)
    sender?.start()
    t.ok(await leaseIsAt(server.pid()), 'nobody else offers anything')
    await eventually('it is tried again', () => held.length > 1, SOON)
    release()
    await eventually('all is delivered', isDone, SOON)
    t.equal(new Set(held.map(({ arrival }) => arrival.id)).size, 1, 'the same webhook-id')
    await gotAllInOrder(t, ledger)
  })

  await t.test('every worker: the server sends by itself', async (t) => {
    const senders = new Set<string | undefined>()
    ledger.behave(({ port }) => {
      senders.add(senderAt(port, nodes)?.name)
      return 204
    })
    await Promise.all(workers.map((worker) => worker.kill()))
    await write(family, ...others)
    await eventually('all is delivered', isDone, SOON)
    t.strictSame([...senders], [server.name])
    await gotAllInOrder(t, ledger)
  })

  await t.test('the only program, while it sends: started again, it sends what was left', async (t) => {
    const { held, release } = holdNext(ledger, nodes)
    await write(family, ...others)
    await eventually('an attempt is under way', () => held.length > 0, SOON)
    t.equal(held[0]?.sender, server)
    await server.kill()
    t.notOk(isTaken(), 'something is left')
    release()
    server.start()
    await eventually('it is ready again', server.isReady)
    await eventually('all is delivered', isDone, SOON)
    const sequence = held[0]?.arrival.sequence ?? 0
    t.equal(new Set(attemptsOf(sequence).map(({ arrival }) => arrival.id)).size, 1)
    t.ok(attemptsOf(sequence).length > 1, 'it was sent again')
    await gotAllInOrder(t, ledger)
  })

  await t.test('the one that holds the lease, while a worker sends: a worker goes on', async (t) => {
    await eventually('the server holds the lease', () => leaseIsAt(server.pid()), SOON)
    for (const worker of workers) worker.start()
    for (const worker of workers) await eventually(`${worker.name} works`, worker.isOpen)
    await workersSend()
    const { held, release } = holdNext(ledger, nodes)
    await write(...others, family, ...others)
    await eventually('an attempt is under way', () => held.length > 0, SOON)
    t.ok(
      workers.some((worker) => worker === held[0]?.sender),
      'by a worker',
    )
    await server.kill()
    t.notOk(isTaken(), 'something is left')
    release()
    await eventually('the workers have sent it all', isTaken, SOON)
    server.start()
    await eventually('it is ready again', server.isReady)
    await eventually('it is written what became of all', isDone, SOON)
    await gotAllInOrder(t, ledger)
  })

  t.strictSame(ledger.unverified, [], 'everything could be verified')
  // Nobody to say goodbye to.
  await redis.kill()
  await endsWell(t, house)
})
