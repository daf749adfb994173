import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { streamName } from '#domain/kernel/event.ts'
import { newId, openTestDoor, staff, type Who } from '#test/kit/door.ts'
import { done, fresh, registerFamily, sendReferral, ward } from '#test/kit/door-story.ts'

const ROUNDS = 25
const WORDS = 'yoru-nemurenai'
const readers = ['mchCoordinator', 'districtNurse'] as const satisfies readonly Who[]

t.setTimeout(120_000)
const door = await openTestDoor(t, { engine: 'sqlite', listen: true, logLevel: 'silent' })

/** Over a socket, as anybody else would. */
const ask = async (who: Who, path: string, method = 'GET', headers: Record<string, string> = {}) => {
  const answer = await fetch(door.origin + path, {
    method,
    headers: { authorization: `Bearer ${door.token(who)}`, 'content-type': 'application/json', ...headers },
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
  const consentId = newId()
  await done(door, 'partner', `/v1/consents/${consentId}/give`, {
    familyId: family.id,
    recipients: [ward],
    dataClasses: ['registration', 'referralContent'],
    people: [family.mother],
    givenBy: family.mother,
    method: 'oral',
    heardBy: '斎藤',
    words: 'はい',
  })
  await sendReferral(door, family, {
    summary: WORDS,
    legalBasis: undefined,
    basisReason: undefined,
    basis: consentId,
    dataClasses: ['referralContent'],
    people: [family.mother],
  })
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
      const answers = new Map<Who, number>(readers.map((who) => [who, 0]))
      const read = async (who: Who) => {
        while (!over.signal.aborted) {
          const askedAfter = withdrawn.signal.aborted
          const { status, body } = await ask(who, path, 'GET', headers)
          if (status !== 200 && status !== 503) throw new Error(`${status} ${body}`)
          if (!body.includes(WORDS)) hidden += 1
          else if (askedAfter) throw new Error('shown to somebody who asked after it was withdrawn')
          else answers.set(who, (answers.get(who) ?? 0) + 1)
        }
      }
      // Each reads one after the other, so that their answers and their looks can be counted against each other.
      const reading = Promise.all(readers.map(read))
      await pause((round * 7) % 40)
      const withdrawal = await ask('partner', `/v1/consents/${consentId}/withdraw`, 'POST')
      withdrawn.abort()
      await pause(15)
      over.abort()
      await reading

      const at = BigInt(withdrawal.position ?? -1)
      const looks = await door.system.store.read(streamName('access', family.id))
      for (const who of readers) {
        const before = looks.filter(
          ({ position, metadata, data }) =>
            position < at &&
            metadata.actor.staffId === staff[who].staffId &&
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
