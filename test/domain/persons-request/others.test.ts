import t from 'tap'
import { z } from 'zod'
import type { Catalogue } from '#domain/kernel/event.ts'
import { readableIdOf, text } from '#domain/kernel/schema.ts'
import { type Asking, type ExportEntry, exportOf } from '#domain/persons-request/export.ts'
import type { FactName } from '#test/kit/facts.ts'
import { c, eventId, fact, logOf, specs, type Told } from './kit.ts'

const asking: Asking = { familyId: c.family, personId: c.mother, holder: c.hub, withhold: [] }
const talk = `consultation-${c.consultation}`
const seenBy = (personId: string, log: readonly Told[], changes: Partial<Asking> = {}) =>
  exportOf(logOf(...log), specs, { ...asking, personId, ...changes })
const idsOf = (entries: readonly ExportEntry[]) => entries.map((entry) => entry.eventId)
const partOf = (entries: readonly ExportEntry[], path: string) =>
  entries.flatMap((entry) => ('items' in entry ? entry.items : [])).find((item) => item.path === path)?.part

t.test('what came of the other parent’s talk is not theirs either (R-ACC-6)', async (t) => {
  const unnamed = { people: undefined, supersedes: undefined }
  const log: Told[] = [
    [talk, fact('ConsultationOpened', { people: [c.mother] })],
    [`referral-${c.referral}`, fact('ReferralSent', { ...unnamed, consultationId: c.consultation })],
    [`referral-${c.referral}`, fact('ReferralClosed', { supersededBy: undefined })],
    [
      `referral-${c.laterReferral}`,
      fact('ReferralSent', { ...unnamed, consultationId: undefined, supersedes: c.referral }),
    ],
    [`careRequest-${c.careRequest}`, fact('CareRequested', { children: [c.child] })],
  ]
  t.strictSame(idsOf(seenBy(c.father, log)), [eventId(4)], 'what is for the child is for the child')
  t.strictSame(idsOf(seenBy(c.mother, log)), [0, 1, 2, 3, 4].map(eventId))
  const circle: Told[] = [
    [`referral-${c.referral}`, fact('ReferralSent', { ...unnamed, supersedes: c.referral })],
  ]
  t.strictSame(idsOf(seenBy(c.father, circle)), [eventId(0)], 'what comes from itself has no end')
})

t.test('nor is it named: an id of what is not shown says that it is there', async (t) => {
  const joint = { people: [c.mother, c.father], noticeRefs: [c.otherNotice, c.notice] }
  const log: Told[] = [
    [`notice-${c.notice}`, fact('NoticeRecorded', { aboutPerson: c.mother })],
    [talk, fact('ConsultationOpened', joint)],
  ]
  t.notMatch(JSON.stringify(seenBy(c.father, log)), c.notice)
  t.notMatch(JSON.stringify(seenBy(c.father, log)), 'noticeRefs', 'no gap where it was')
  t.match(JSON.stringify(seenBy(c.mother, log)), c.notice)
  const withhold = [{ eventId: eventId(0), existence: true as const, ground: 'existence' }]
  t.notMatch(JSON.stringify(seenBy(c.mother, log, { withhold })), c.notice, 'existence not answered (81条)')
})

t.test('no reference leads to what is the council’s (R-PRI-16)', async (t) => {
  const secret: Told = [
    `referral-${c.laterReferral}`,
    fact('ReferralSent', { people: [c.mother] }),
    { legalBasis: 'abuseReport' },
  ]
  const closed = (supersededBy: string | undefined): Told[] => [
    [`referral-${c.referral}`, fact('ReferralSent', { people: [c.mother] })],
    [`referral-${c.referral}`, fact('ReferralClosed', { supersededBy })],
  ]
  t.strictSame(seenBy(c.mother, [...closed(c.laterReferral), secret]), seenBy(c.mother, closed(undefined)))
})

t.test('nobody reads that the household is in hiding, or that abuse was spoken of', async (t) => {
  const log = (householdFlags: readonly string[], topics: readonly string[]): Told[] => [
    [`family-${c.family}`, fact('FamilyRegistered', { householdFlags })],
    [talk, fact('ConsultationSessionRecorded', { topics })],
  ]
  for (const flag of ['dvProtection', 'dvProtection/shelter'])
    t.strictSame(
      seenBy(c.mother, log(['solo', flag], ['sleepRhythm', 'abuseWorry'])),
      seenBy(c.mother, log([], [])),
    )
  t.match(JSON.stringify(seenBy(c.mother, log(['solo'], ['sleepRhythm']))), /solo.*sleepRhythm/)
})

t.test('what somebody else said for them, or who has only a name, is a third party’s', async (t) => {
  const said: Told[] = [
    [`consent-${c.consent}`, fact('ConsentGiven', { givenBy: c.mother, people: [c.mother, c.child] })],
  ]
  t.equal(partOf(seenBy(c.child, said), '/words'), 'thirdParty')
  t.equal(partOf(seenBy(c.child, said), '/givenBy'), 'thirdParty')
  t.equal(partOf(seenBy(c.mother, said), '/words'), 'fact')
  const member = (person: string | undefined): Told[] => [
    [`membership-${c.userMembership}`, fact('MembershipRegistered', { person })],
  ]
  t.equal(partOf(seenBy(c.mother, member(undefined)), '/name'), 'thirdParty')
  t.equal(partOf(seenBy(c.mother, member(c.mother)), '/name'), 'fact')
  t.strictSame(seenBy(c.father, member(c.mother)), [])
})

t.test('the health of a child is its own', async (t) => {
  const log: Told[] = [
    [`careRequest-${c.careRequest}`, fact('CareRequested', { children: [c.child], allergies: '卵' })],
  ]
  t.equal(partOf(seenBy(c.child, log), '/allergies'), 'fact')
  t.equal(partOf(seenBy(c.sibling, log), '/allergies'), 'thirdParty')
  t.equal(partOf(seenBy(c.mother, log), '/allergies'), 'thirdParty')
  t.equal(partOf(seenBy(c.mother, log), '/activityType'), 'fact')
})

t.test('what stands beside a whole goes where a piece of it is withheld', async (t) => {
  const log: Told[] = [
    [talk, fact('ConsultationSessionRecorded', { participants: ['祖母', '友人'] })],
    [
      `correctionRequest-${c.correctionRequest}`,
      fact('EventCorrected', { eventId: eventId(0), field: '/participants', value: '祖母のみ' }),
    ],
  ]
  const withhold = [{ eventId: eventId(0), field: '/participants/0', ground: 'otherPerson' }]
  const text = JSON.stringify(seenBy(c.mother, log, { withhold }))
  t.notMatch(text, '祖母')
  t.match(text, '友人')
})

t.test('what was written down at the decision or after it is not in it', async (t) => {
  const log: Told[] = [
    [`notice-${c.notice}`, fact('NoticeRecorded')],
    [`disclosureRequest-${c.disclosureRequest}`, fact('DisclosureDecided')],
    [`notice-${c.otherNotice}`, fact('NoticeRecorded')],
    [
      `correctionRequest-${c.correctionRequest}`,
      fact('EventCorrected', { eventId: eventId(0), field: '/facts', value: 'u-later' }),
    ],
  ]
  const entries = seenBy(c.mother, log, { until: 2n })
  t.strictSame(idsOf(entries), [eventId(0)])
  t.notMatch(JSON.stringify(entries), 'u-later')
  t.match(JSON.stringify(seenBy(c.mother, log)), 'u-later')
})

const everyType = Object.keys(specs) as readonly FactName[]
const STAFF = Object.values(c).flatMap((one) =>
  typeof one === 'object' && 'staffId' in one && one.role !== 'system' ? [one.staffId] : [],
)
const alone = (type: FactName, around: Told[2] = {}): Told[] => [
  [`${specs[type]?.dataClass}-1`, fact(type), around],
]

t.test('of every fact there is: no name of the staff, nothing of another organisation', async (t) => {
  let shown = 0
  for (const type of everyType) {
    const entries = seenBy(c.mother, alone(type))
    shown += entries.length
    const names = STAFF.filter((name) => JSON.stringify(entries).includes(`"${name}"`))
    t.strictSame(names, [], type)
    t.strictSame(seenBy(c.mother, alone(type, { actor: c.wardManager })), [], `${type} at the ward`)
    if (['council', 'audit', 'directory'].includes(specs[type]?.dataClass ?? ''))
      t.strictSame(entries, [], type)
  }
  t.ok(shown > 30, `${shown} of ${everyType.length} are about a family`)
})

t.test('a field that names somebody of the staff is in no export, whatever it is called', async (t) => {
  const registered = specs.FamilyRegistered
  if (!registered) throw new Error('no such fact')
  const schema = z.object({
    by: readableIdOf('staff'),
    helpers: z.array(readableIdOf('staff')),
    called: text(80, { subject: 'staff' }),
    what: text(80),
  })
  const catalogue: Catalogue = { FamilyRegistered: { ...registered, schema } }
  const data = { by: 'saito', helpers: ['nakamura'], called: '斎藤', what: 'u-what' }
  const [told] = logOf([`family-${c.family}`, { type: 'FamilyRegistered', data }])
  const [entry] = told ? exportOf([told], catalogue, asking) : []
  t.strictSame(entry && 'items' in entry && entry.items.map(({ path }) => path), ['/what'])
})
