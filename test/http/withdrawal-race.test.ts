import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { streamName } from '#domain/kernel/event.ts'
import { openTestDoor } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendUnderConsent, ward } from '#test/kit/door-story.ts'

const ROUNDS = 25
const WORDS = 'yoru-nemurenai'
const READERS = 8

t.setTimeout(120_000)
const door = await openTestDoor(t, { engine: 'sqlite', listen: true, logLevel: 'silent' })

/** Each reads one after the other under a name of their own, so that answers and looks can be counted against each other. */
const readers: ReadonlyMap<string, string> = new Map(
  await Promise.all(
    Array.from({ length: READERS }, async (_, i) => {
      const staffId = `nurse-${i}`
      await done(door, 'admin', `/v1/staff/${staffId}/register`, {
        role: 'wardDistrictNurse',
        organization: ward,
      })
      return [staffId, await door.issuer.sign(staffId, 3_600)] as const
    }),
  ),
)

/** Over a socket, as anybody else would. */
const ask = async (token: string, path: string, method = 'GET', headers: Record<string, string> = {}) => {
  const answer = await fetch(door.origin + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(method === 'POST' && { body: '{}' }),
  })
  return {
    status: answer.status,
    position: answer.headers.get('commit-position'),
    body: await answer.text(),
  }
}

const agreedLetter = async () => {
  const family = await registerFamily(door)
  const { consentId } = await sendUnderConsent(door, family, WORDS)
  return { family, consentId, headers: await fresh(door) }
}

t.test(
  'withdrawals race against reads: no answer holds the words unless its access stands before the withdrawal',
  async (t) => {
    let shown = 0
    let hidden = 0
    for (let round = 0; round < ROUNDS; round++) {
      const { family, consentId, headers } = await agreedLetter()
      const path = `/v1/families/${family.id}/timeline`
      const [withdrawn, over] = [new AbortController(), new AbortController()]
      const answers = new Map<string, number>()
      const refusals = new Set<string>()
      const read = async ([who, token]: readonly [string, string]) => {
        while (!over.signal.aborted) {
          const askedAfter = withdrawn.signal.aborted
          const { status, body } = await ask(token, path, 'GET', headers)
          if (status !== 200 && status !== 503) throw new Error(`${status} ${body}`)
          if (!body.includes(WORDS)) {
            hidden += 1
            refusals.add(who)
          } else if (askedAfter) throw new Error('shown to somebody who asked after it was withdrawn')
          else answers.set(who, (answers.get(who) ?? 0) + 1)
        }
      }
      const reading = Promise.all([...readers].map(read))
      // All are at it, and nobody knows where they are.
      while (answers.size < READERS) await pause(1)
      await pause((round * 7) % 40)
      const withdrawal = await ask(door.token('partner'), `/v1/consents/${consentId}/withdraw`, 'POST')
      withdrawn.abort()
      while (refusals.size < READERS) await pause(1)
      over.abort()
      await reading

      const at = BigInt(withdrawal.position ?? -1)
      const looks = await door.system.store.read(streamName('access', family.id))
      for (const who of readers.keys()) {
        const before = looks.filter(
          ({ position, metadata, data }) =>
            position < at &&
            metadata.actor.staffId === who &&
            JSON.stringify(data).includes('referralContent'),
        )
        const got = answers.get(who) ?? 0
        shown += got
        if (got > before.length)
          t.fail(`${who}: ${got} answers, ${before.length} looks before the withdrawal`)
      }
    }
    t.ok(shown > ROUNDS, `${shown} answers with the words`)
    t.ok(hidden > ROUNDS, `${hidden} without`)
  },
)
