import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { newId } from '#test/kit/door.ts'
import { done, registerFamily, sendReferral } from '#test/kit/door-story.ts'
import { startReceiver } from '#test/kit/receiver.ts'
import { HOUR, MINUTE, openSending } from '#test/kit/sending.ts'
import { eventually } from '../kit/node.ts'
import { randomFrom, seed } from '../kit/random.ts'
import { startServing } from './kit/serving.ts'
import { isVerifiedBy, type Keys, signersOf } from './kit/signers.ts'
import { registerFamilies, startWork } from './kit/working.ts'

t.setTimeout(240_000)

const ROTATIONS = 100
const PER_SECOND = 40

t.test(
  'keys are rotated a hundred times while events come: each delivery verifies with what is held',
  async (t) => {
    const house = await startServing(t)
    const given: Keys[] = []
    let refused = 0
    let byTheOneBefore = 0
    const receiver = await startReceiver(t, (received) => {
      const [newest, before] = given.slice(-2).reverse()
      if (newest && isVerifiedBy(newest, received)) return 204
      if (before && isVerifiedBy(before, received)) byTheOneBefore += 1
      else refused += 1
      return 204
    })
    const { id, ...first } = await house.subscribe('rotated', receiver.url)
    given.push(first)
    const work = startWork(house, await registerFamilies(house, 20), PER_SECOND)
    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      given.push(await house.give<Keys>('integration', `subscriptions/${id}/rotate-secret`))
      // Nobody rotates faster than a delivery is under way.
      await pause(60)
    }
    const ids = await work.stop()
    await eventually('everything has come', () => receiver.received.length >= ids.length, 20_000)

    t.comment(
      `${ids.length} events, ${byTheOneBefore} verified by the key before the last, ${refused} by none`,
    )
    t.equal(receiver.received.length, ids.length, 'each once')
    t.equal(refused, 0, 'whoever has the last key or the one before can verify')
    const signers = receiver.received.map((received) => signersOf(given, received))
    t.strictSame(
      signers.filter((pair) => !isNewestAndBefore(pair)),
      [],
      'signed by the newest key and the one before, and by no other',
    )
    t.ok(new Set(signers.flat()).size > ROTATIONS / 2, `${new Set(signers.flat()).size} keys were in use`)
  },
)

const isNewestAndBefore = ([one = -1, other, ...more]: readonly number[]): boolean =>
  more.length === 0 && (other === undefined ? one === 0 : one >= 0 && other === one + 1)

/** From the moment of a rotation: still in its overlap, at its last moment, at its end, after it. */
const waits = (overlapHours: number): readonly number[] => {
  const end = overlapHours * HOUR
  return [end / 2, end - 1, end, end + HOUR].filter((wait) => wait > MINUTE)
}

t.test(
  'a key that has ended signs nothing, not even a further attempt at what it has signed before',
  async (t) => {
    const random = randomFrom(seed)
    t.comment(`SEED=${seed}`)
    const { door, receiver, pass, idle } = await openSending(t)
    const family = await registerFamily(door)
    const id = newId()
    const give = async (what: string, body: object): Promise<Keys> =>
      (await done(door, 'integration', `/v1/subscriptions/${id}/${what}`, body)).json()
    const given = [await give('create', { name: '名', purpose: '目的', endpoint: { url: receiver.url } })]
    let [alone, together] = [0, 0]
    const check = (isOverlapping: boolean, what: string): void => {
      const newest = given.length - 1
      const expected = isOverlapping ? [newest - 1, newest] : [newest]
      if (isOverlapping) together += 1
      else alone += 1
      const last = receiver.received.at(-1)
      t.strictSame(last && signersOf(given, last), expected, what)
    }

    for (let rotation = 1; rotation <= ROTATIONS; rotation++) {
      const overlapHours = random.pick([0, 1, 2, 24])
      given.push(await give('rotate-secret', { overlapHours }))
      receiver.behave(() => 500)
      await sendReferral(door, family)
      await idle()
      check(overlapHours > 0, `rotation ${rotation}: at once`)
      receiver.behave(() => 204)
      const wait = random.pick(waits(overlapHours))
      await pass(wait)
      check(wait < overlapHours * HOUR, `rotation ${rotation}: ${wait} ms later, of ${overlapHours} hours`)
    }
    t.equal(receiver.received.length, 2 * ROTATIONS, 'each tried twice')
    t.equal(new Set(receiver.received.map((one) => one.id)).size, ROTATIONS, 'under the same id')
    t.comment(`${together} attempts signed by two keys, ${alone} by the newest alone`)
    t.ok(together > 30 && alone > 30, 'both were seen')
  },
)
