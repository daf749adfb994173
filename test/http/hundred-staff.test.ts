import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { hub, mainSite, satellite, ward } from '#test/kit/controls.ts'
import { newId, openTestDoor } from '#test/kit/door.ts'
import { done, fresh, openConsultation, registerFamily, sendReferral } from '#test/kit/door-story.ts'

const STAFF = 50
const RACES = 5
const seed = Number(process.env.SEED ?? randomInt(2 ** 31))

/** Small and repeatable. */
const randomFrom = (start: number) => {
  let state = start
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

type Asked = {
  readonly what: string
  readonly path: string
  readonly body: object
  readonly staff: string
  readonly key: string
  /** Only one of these may be carried out. */
  readonly race?: string
}
type Answered = Asked & {
  readonly status: number
  readonly answer: {
    readonly code?: string
    readonly state?: string
    readonly events?: readonly { readonly id: string; readonly type: string }[]
  }
}

for (const cuts of [false, true])
  await t.test(
    `a hundred staff of two organisations write about one family at once${cuts ? ', over connections that are cut' : ''}`,
    { timeout: 120_000 },
    async (t) => {
      t.comment(`SEED=${seed}`)
      const random = randomFrom(seed)
      const door = await openTestDoor(t, { engine: 'sqlite', listen: true, logLevel: 'warn' })
      const { family, consultation, referrals, careRequests } = await prepare(door)

      const staff = await Promise.all(
        Array.from({ length: STAFF * 2 }, async (_, i) => {
          const isHub = i < STAFF
          const id = `staff-${i}`
          const place = isHub
            ? { organization: hub, site: i % 2 ? mainSite : satellite }
            : { organization: ward }
          await done(door, 'admin', `/v1/staff/${id}/register`, {
            role: isHub ? 'hubStaff' : 'wardMchCoordinator',
            ...place,
          })
          return { id, isHub, token: await door.issuer.sign(id, 600) }
        }),
      )
      const tokens = new Map(staff.map(({ id, token }) => [id, token]))

      const of =
        (id: string) =>
        (what: string, path: string, body: object, race?: string): Asked => ({
          what,
          path,
          body,
          staff: id,
          key: randomUUID(),
          ...(race !== undefined && { race }),
        })
      const about = { familyId: family.id }
      const asked = staff.map(({ id, isHub }, i): readonly Asked[] => {
        const ask = of(id)
        const profile = ask('profile', `/v1/families/${family.id}/update-profile`, {
          preferredLanguage: `言語${i}`,
        })
        const placement = ask('placement', `/v1/families/${family.id}/change-child-placement`, {
          person: family.child,
          placement: i % 2 ? 'nursery' : 'home',
        })
        const referral = referrals[i % RACES] ?? ''
        const answer =
          i % 2
            ? ask(
                'accept',
                `/v1/referrals/${referral}/accept`,
                { assignee: id, plannedContactOn: '2199-01-01' },
                referral,
              )
            : ask('decline', `/v1/referrals/${referral}/decline`, { reason: 'capacity' }, referral)
        const care = careRequests[i % RACES] ?? ''
        return isHub
          ? [
              ask('visit', `/v1/visits/${newId()}/record`, { ...about, visitors: ['mother'], children: 1 }),
              ask('notice', `/v1/notices/${newId()}/record`, { ...about, noticeKind: ['isolation'] }),
              ask('session', `/v1/consultations/${consultation}/record-session`, { minutes: i }),
              ask('match', `/v1/care-requests/${care}/agree-match`, { match: newId() }, care),
              profile,
              placement,
            ]
          : [
              answer,
              ask('consultation', `/v1/consultations/${newId()}/open`, {
                ...about,
                trigger: 'outreach',
                service: 'individual',
              }),
              profile,
              placement,
            ]
      })

      let replayed = 0
      const send = async ({ path, body, staff: id, key }: Asked, signal?: AbortSignal) => {
        const response = await fetch(`${door.origin}${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: {
            authorization: `Bearer ${tokens.get(id)}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          ...(signal && { signal }),
        })
        if (response.headers.has('idempotency-replayed')) replayed += 1
        return { status: response.status, answer: (await response.json()) as Answered['answer'] }
      }
      /** A client on a poor line: cut off now and then, it asks for the same again under the same key. */
      const insist = async (each: Asked): Promise<Answered> => {
        for (let cut = 0; cuts && cut < 3 && random() < 0.5; cut++)
          try {
            return { ...each, ...(await send(each, AbortSignal.timeout(1 + Math.floor(random() * 400)))) }
          } catch {
            await pause(random() * 10)
          }
        return { ...each, ...(await send(each)) }
      }
      const answered = (await Promise.all(asked.map(async (list) => Promise.all(list.map(insist))))).flat()

      t.comment(`${answered.length} answers, ${replayed} of them repeated`)
      t.equal(replayed > 0, cuts, 'what was cut off had been carried out, and is told again')

      const isDone = ({ status }: Answered) => status === 200 || status === 201
      await t.test('what does not compete is carried out, all of it', (t) => {
        const refused = answered.filter((each) => !isDone(each) && each.race === undefined)
        t.strictSame(
          refused.map(({ what, status, answer }) => `${what} ${status} ${answer.code}`),
          [],
        )
        t.end()
      })
      await t.test('of what competes one is carried out, the others are told the state', (t) => {
        for (const race of [...referrals, ...careRequests]) {
          const runners = answered.filter((each) => each.race === race)
          t.ok(runners.length >= STAFF / RACES)
          t.equal(runners.filter(isDone).length, 1, `${runners.length} raced`)
          for (const { status, answer, what } of runners.filter((each) => !isDone(each))) {
            t.equal(status, 409, `${what} ${answer.code}`)
            t.match(answer.code, /\/illegal-transition$/)
            t.ok(['accepted', 'declined', 'agreed'].includes(answer.state ?? ''), String(answer.state))
          }
        }
        t.end()
      })

      await t.test('the log has each of it once, and no hole', async (t) => {
        const log = await door.system.store.after(0n, 100_000)
        t.strictSame(
          log.map(({ position }) => Number(position)),
          log.map((_, i) => i + 1),
        )
        const versions = new Map<string, number>()
        for (const { stream, version } of log) {
          if (version !== (versions.get(stream) ?? 0) + 1) t.fail(`${stream} jumps to ${version}`)
          versions.set(stream, version)
        }
        t.equal(new Set(log.map(({ id }) => id)).size, log.length, 'ids once')
        const byKey = new Map<string, string[]>()
        for (const { metadata, id } of log)
          byKey.set(metadata.commandId, [...(byKey.get(metadata.commandId) ?? []), id])
        const wrong = answered.filter((each) => {
          const told = isDone(each) ? (each.answer.events ?? []).map(({ id }) => id) : []
          return JSON.stringify(told) !== JSON.stringify(byKey.get(each.key) ?? [])
        })
        t.strictSame(
          wrong.map(({ what, key }) => `${what} ${key}`),
          [],
          'each answer is what the log has under its key',
        )
      })

      await t.test('the timeline shows each of it once', async (t) => {
        const shown: string[] = []
        let query = 'limit=97'
        const headers = await fresh(door)
        for (;;) {
          const page: { entries: { eventId: string; implied?: true }[]; next?: string } = (
            await door.get('auditor', `/v1/families/${family.id}/timeline?${query}`, headers)
          ).json()
          shown.push(...page.entries.filter(({ implied }) => !implied).map(({ eventId }) => eventId))
          if (!page.next) break
          query = `limit=97&cursor=${page.next}`
        }
        t.equal(new Set(shown).size, shown.length, 'nothing twice')
        const seen = new Set(shown)
        const missing = answered.filter(
          (each) => isDone(each) && each.answer.events?.some(({ id }) => !seen.has(id)),
        )
        t.strictSame(
          missing.map(({ what }) => what),
          [],
          'nothing lost',
        )
      })
    },
  )

type Door = Awaited<ReturnType<typeof openTestDoor>>

/** One family that both organisations know, five referrals to answer and five matches to agree. */
async function prepare(door: Door) {
  const family = await registerFamily(door)
  const consultation = await openConsultation(door, family)
  const [user, provider] = [newId(), newId()]
  await done(door, 'coordinator', `/v1/memberships/${user}/register`, {
    familyId: family.id,
    kind: 'user',
    orientation: 'group',
  })
  await done(door, 'coordinator', `/v1/memberships/${provider}/complete-provider-training`)
  await done(door, 'coordinator', `/v1/memberships/${provider}/register`, {
    kind: 'provider',
    orientation: 'group',
  })
  const referrals: string[] = []
  const careRequests: string[] = []
  for (let i = 0; i < RACES; i++) {
    referrals.push((await sendReferral(door, family)).id)
    const care = newId()
    await done(door, 'coordinator', `/v1/care-requests/${care}/request`, {
      familyId: family.id,
      activityType: 'care',
      place: 'providerHome',
    })
    await done(door, 'coordinator', `/v1/care-requests/${care}/hold-pre-meeting`, { provider })
    careRequests.push(care)
  }
  await door.settled()
  return { family, consultation, referrals, careRequests }
}
