import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { lifecycles } from '#domain/lifecycles.ts'
import { newId, openTestDoor, staff, type Who } from '#test/kit/door.ts'
import {
  done,
  type Family,
  fresh,
  letterTo,
  recordVisit,
  registerFamily,
  ward,
} from '#test/kit/door-story.ts'

const door = await openTestDoor(t)
const collections = new Map(lifecycles.map(({ name, collection }) => [name, collection]))
const classes = [
  'registration',
  'contact',
  'visit',
  'consultationSummary',
  'referralContent',
  'kosapoMatch',
  'notice',
]

/** What may have happened to a family; each by who does such things. */
const happenings: Readonly<Record<string, (family: Family, chosen: readonly string[]) => Promise<unknown>>> =
  {
    visit: (family) => recordVisit(door, family),
    notice: ({ id: familyId }) =>
      done(door, 'nakamura', `/v1/notices/${newId()}/record`, {
        familyId,
        noticeKind: ['isolation'],
        abuseCheck: 'noConcern',
      }),
    consultation: ({ id: familyId }) =>
      done(door, 'partner', `/v1/consultations/${newId()}/open`, {
        familyId,
        trigger: 'conversationShift',
        service: 'hirobaTalk',
      }),
    care: ({ id: familyId }) =>
      done(door, 'coordinator', `/v1/care-requests/${newId()}/request`, {
        familyId,
        activityType: 'care',
        place: 'hiroba',
      }),
    draft: (family) => done(door, 'partner', `/v1/referrals/${newId()}/draft`, letterTo(family)),
    letter: (family) => done(door, 'partner', `/v1/referrals/${newId()}/send`, letterTo(family)),
    consent: ({ id: familyId, mother }, chosen) =>
      done(door, 'partner', `/v1/consents/${newId()}/give`, {
        familyId,
        recipients: [ward],
        dataClasses: chosen.filter((code) => code !== 'notice'),
        people: [mother],
        givenBy: mother,
        method: 'oral',
        heardBy: '斎藤',
        words: 'はい',
      }),
    hiding: ({ id }) =>
      done(door, 'nakamura', `/v1/families/${id}/update-profile`, { householdFlags: ['dvProtection'] }),
    wardsWord: (family) =>
      done(door, 'mchCoordinator', `/v1/referrals/${newId()}/send`, {
        ...letterTo(family),
        direction: 'outlet',
        toOrganization: 'ORG-141097-H',
        destinationKind: 'hub',
      }).catch(() => undefined),
    glass: ({ id: familyId }) =>
      done(door, 'elsewhere', `/v1/break-glass/${newId()}/use`, {
        familyId,
        reason: '緊急',
        secondPerson: 'saito',
      }),
  }

const readers = [
  'partner',
  'nakamura',
  'coordinator',
  'director',
  'mchCoordinator',
  'districtNurse',
  'wardManager',
  'elsewhere',
  'auditor',
] as const satisfies readonly Who[]
const lists = ['consultations-open', 'care-unmatched', 'notices-unshared', 'overdue'] as const
const letters = ['referrals-in', 'referrals-out'] as const
type Listed = { readonly stream: string; readonly type?: string }
type Letter = { readonly familyId: string; readonly referralId: string }

const isGiven = async (who: Who, stream: string): Promise<boolean> => {
  const [kind = '', ...id] = stream.split('-')
  return (await door.get(who, `/v1/${collections.get(kind)}/${id.join('-')}`)).statusCode === 200
}

/** Everything that lists show of the family to this reader. */
const listed = async (
  who: Who,
  { id }: Family,
  headers: Record<string, string>,
): Promise<readonly string[]> => {
  const timeline = (await door.get(who, `/v1/families/${id}/timeline?limit=500`, headers)).json()
  const page = (await door.get(who, `/v1/families/${id}`, headers)).json()
  const shown: Listed[] = [...(timeline.entries ?? []), ...(page.openItems ?? [])]
  for (const name of lists) {
    const { items = [] } = (await door.get(who, `/v1/worklists/${name}?limit=500`, headers)).json()
    shown.push(...items.filter(({ familyId }: { familyId?: string }) => familyId === id))
  }
  for (const name of letters) {
    const { items = [] } = (
      await door.get(who, `/v1/worklists/${name}?open=false&limit=500`, headers)
    ).json() as { items?: readonly Letter[] }
    shown.push(
      ...items
        .filter(({ familyId }) => familyId === id)
        .map(({ referralId }) => ({ stream: `referral-${referralId}` })),
    )
  }
  return [...new Set(shown.map(({ stream }) => stream))].filter((stream) => !stream.startsWith('family-'))
}

t.setTimeout(300_000)
t.test('over random worlds, no list shows what asking for it refuses', async (t) => {
  let seen = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...Object.keys(happenings)), { minLength: 1, maxLength: 8 }),
      fc.subarray(classes, { minLength: 2 }),
      async (what, chosen) => {
        const family = await registerFamily(door)
        for (const name of what) await happenings[name]?.(family, chosen)
        const headers = await fresh(door)
        for (const who of readers) {
          const streams = await listed(who, family, headers)
          seen += streams.length
          for (const stream of streams)
            deepStrictEqual([who, what, stream, await isGiven(who, stream)], [who, what, stream, true])
        }
      },
    ),
    { numRuns: 25 },
  )
  t.ok(seen > 100, `${seen} things were listed to somebody`)
  t.ok(Object.keys(staff).length > readers.length)
})
