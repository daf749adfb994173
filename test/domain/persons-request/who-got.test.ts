import t from 'tap'
import { correctionsOf } from '#domain/persons-request/corrections.ts'
import { type Sources, type Wrong, whoGot } from '#domain/persons-request/who-got.ts'
import { c, eventId, fact, logOf, type Told } from './kit.ts'

const none: Sources = { disclosuresOf: () => [], openedOf: () => [], subscribersOf: () => [] }
const wrong = { eventId: eventId(0), field: '/facts', until: '2022-06-30T00:00:00.000Z' }
const talk: Told = [`consultation-${c.consultation}`, fact('ConsultationSessionRecorded')]

const got = (facts: readonly Told[], sources: Partial<Sources> = {}, changes: Partial<Wrong> = {}) =>
  whoGot(logOf(...facts), { ...wrong, ...changes }, { ...none, ...sources })
const wardBy = (...because: readonly string[]) => [{ organizationId: c.ward, because }]

const sent = (changes: object, on = '2022-03-01'): Told => [
  `referral-${c.referral}`,
  fact('ReferralSent', { consultationId: undefined, dataClasses: ['contact'], ...changes }),
  { on },
]

t.test(
  'organisations to which a referral took the class along, or came from that consultation',
  async (t) => {
    t.strictSame(got([talk, sent({})]), [], 'neither')
    t.strictSame(got([talk, sent({ dataClasses: ['consultationRecord'] })]), wardBy('referral'))
    t.strictSame(got([talk, sent({ consultationId: c.consultation })]), wardBy('referral'))
    t.strictSame(got([talk, sent({ dataClasses: undefined })]), wardBy('referral'), 'nothing said: it counts')
    t.strictSame(got([talk, sent({ dataClasses: undefined }, '2022-07-01')]), [], 'after the correction')
    const before = [sent({ dataClasses: undefined }, '2022-01-01'), talk]
    t.strictSame(got(before, {}, { eventId: eventId(1) }), [], 'before the mistake')
  },
)

t.test('a mistake in the referral itself went to its other end, whoever made it', async (t) => {
  const own = sent({ summary: '誤り' })
  t.strictSame(got([own], {}, { field: '/summary' }), wardBy('referral'))
  const declined: Told = [
    `referral-${c.referral}`,
    fact('ReferralDeclined'),
    { actor: c.mchCoordinator, on: '2022-03-02' },
  ]
  t.strictSame(got([own, declined], {}, { eventId: eventId(1), field: '/note' }), [
    { organizationId: c.hub, because: ['referral'] },
  ])
  const draft: Told = [`referral-${c.referral}`, fact('ReferralDrafted')]
  t.strictSame(got([draft], {}, { field: '/summary' }), [], 'a draft went nowhere')
})

t.test('those whom a consent opened the class to, while it did', async (t) => {
  const stream = `consent-${c.consent}`
  const given = (changes: object = {}, on = '2022-02-17'): Told => [
    stream,
    fact('ConsentGiven', { dataClasses: ['consultationRecord'], ...changes }),
    { on },
  ]
  const at = { eventId: eventId(1) }
  t.strictSame(got([given(), talk], {}, at), wardBy('consent'))
  t.strictSame(got([given({ dataClasses: ['visit'] }), talk], {}, at), [])
  t.strictSame(got([given({ until: '2022-02-16' }, '2021-09-01'), talk], {}, at), [], 'it had ended')
  t.strictSame(got([talk, given({}, '2022-07-01')]), [], 'not yet given when it was put right')
  const withdrawn: Told = [stream, fact('ConsentWithdrawn'), { on: '2022-02-10' }]
  t.strictSame(got([given({}, '2022-02-01'), withdrawn, talk], {}, { eventId: eventId(2) }), [])
  t.strictSame(
    got([given(), talk, [stream, fact('ConsentWithdrawn'), { on: '2022-03-01' }]], {}, at),
    wardBy('consent'),
    'withdrawn afterwards: they had it',
  )
  const narrowed: Told = [
    stream,
    fact('ConsentNarrowed', { dataClasses: ['contact'], recipients: [c.ward] }),
    { on: '2022-02-10' },
  ]
  t.strictSame(got([given({}, '2022-02-01'), narrowed, talk], {}, { eventId: eventId(2) }), [])
})

t.test('what is kept elsewhere: disclosures, reads, subscribers', async (t) => {
  const at = '2022-03-01T00:00:00.000Z'
  const disclosuresOf = () => [
    { organizationId: c.ward, dataClasses: ['consultationRecord'], at },
    { organizationId: c.otherHub, eventIds: [eventId(0)], at },
    { organizationId: c.otherWard, dataClasses: ['visit'], at },
    { organizationId: c.clinic, eventIds: [eventId(9)], at },
    { organizationId: 'ORG-EARLY', at: '2022-01-01T00:00:00.000Z' },
    { organizationId: c.hub, at },
  ]
  const openedOf = () => [
    { staffId: 'ogawa', at },
    { staffId: 'ogawa', eventIds: [eventId(0)], at },
    { staffId: 'late', at: '2022-07-01T00:00:00.000Z' },
  ]
  t.strictSame(got([talk], { disclosuresOf, openedOf }), [
    { organizationId: c.ward, because: ['disclosed'] },
    { organizationId: c.otherHub, because: ['disclosed'] },
    { staffId: 'ogawa', because: ['opened'] },
  ])
  const subscribersOf = (type: string) => (type === 'ReferralSent' ? ['ORG-CITY'] : [])
  const urgency = got([sent({})], { subscribersOf }, { field: '/urgency' })
  t.strictSame(urgency.at(-1), { organizationId: 'ORG-CITY', because: ['subscription'] })
  t.strictSame(got([sent({})], { subscribersOf }, { field: '/summary' }), wardBy('referral'), 'not published')
})

t.test('others of the family to whom the entry was shown', async (t) => {
  const stream = `disclosureRequest-${c.disclosureRequest}`
  const received = (dataClasses: readonly string[]): Told => [
    stream,
    fact('DisclosureRequestReceived', { personId: c.father, dataClasses }),
  ]
  const handedOver = (how: string): Told => [stream, fact('DisclosureProvided', { handedOver: how })]
  t.strictSame(got([talk, received(['consultationRecord']), handedOver('copy')]), [
    { personId: c.father, because: ['disclosureToPerson'] },
  ])
  t.strictSame(got([talk, received(['visit']), handedOver('copy')]), [])
  t.strictSame(got([talk, received(['consultationRecord']), handedOver('decisionLetter')]), [])
})

t.test('those who saw the class of the field, which may be another than its event’s', async (t) => {
  const at = '2022-03-01T00:00:00.000Z'
  const phone = { field: '/caregivers/0/contact/phone', dataClass: 'contact' as const }
  const registered: Told = [`family-${c.family}`, fact('FamilyRegistered')]
  const openedOf = () => [
    { staffId: 'a-registration', dataClasses: ['registration'], at },
    { staffId: 'b-contact', dataClasses: ['contact'], at },
  ]
  t.strictSame(got([registered], { openedOf }, phone), [{ staffId: 'b-contact', because: ['opened'] }])
  const consented = (dataClasses: readonly string[]): Told => [
    `consent-${c.consent}`,
    fact('ConsentGiven', { dataClasses }),
  ]
  t.strictSame(got([registered, consented(['registration'])], {}, phone), [])
  t.strictSame(got([registered, consented(['contact'])], {}, phone), wardBy('consent'))
  t.strictSame(got([registered, sent({ dataClasses: ['registration'] })], {}, phone), [])
  t.strictSame(got([registered, sent({ dataClasses: ['contact'] })], {}, phone), wardBy('referral'))
})

t.test('whose records somebody saw: the holder’s, or those of the stream they stand in', async (t) => {
  const at = '2022-03-01T00:00:00.000Z'
  const registered: Told = [`family-${c.family}`, fact('FamilyRegistered')]
  const wards: Told = [`family-${c.family}`, fact('FamilyProfileUpdated'), { actor: c.mchCoordinator }]
  const seen = (holder: string) => () => [{ organizationId: c.hub, staffId: 'saito', holder, at }]
  const gotOf = (holder: string, log: readonly Told[], i: number) =>
    got(log, { disclosuresOf: seen(holder), openedOf: seen(holder) }, { eventId: eventId(i) })
  const both = [
    { organizationId: c.hub, because: ['disclosed'] },
    { staffId: 'saito', because: ['opened'] },
  ]
  t.strictSame(gotOf(c.ward, [registered, wards], 1), both)
  t.strictSame(gotOf(c.hub, [registered, wards], 1), both, 'in the register of the hub')
  t.strictSame(gotOf(c.otherHub, [registered, wards], 1), [], 'another’s record of the same class')
  t.strictSame(gotOf(c.hub, [registered], 0), both.slice(1), 'the holder has not been told by itself')
  const noted: Told = [`family-${c.family}`, fact('ChildAdded'), { actor: c.system }]
  t.strictSame(gotOf(c.hub, [registered, noted], 1), both.slice(1), 'the program notes for the hub')
})

t.test('of others in the family only those whose copy had it', async (t) => {
  const stream = `disclosureRequest-${c.disclosureRequest}`
  const log: Told[] = [
    talk,
    [stream, fact('DisclosureRequestReceived', { personId: c.father, dataClasses: ['visit'] })],
    [stream, fact('DisclosureProvided', { handedOver: 'copy' })],
  ]
  t.strictSame(got(log, { hadIt: () => false }), [])
  t.strictSame(got(log, { hadIt: (request) => request === stream }), [
    { personId: c.father, because: ['disclosureToPerson'] },
  ])
})

t.test('each once, with every way; of an unknown entry nobody; unknown types are passed by', async (t) => {
  const unknown: Told = ['watchOver-1', { type: 'RecordViewed', data: { dataClasses: 'x' } }]
  const consented: Told = [
    `consent-${c.consent}`,
    fact('ConsentGiven', { dataClasses: ['consultationRecord'] }),
  ]
  const both = [talk, unknown, sent({ dataClasses: undefined }), consented]
  t.strictSame(got(both), wardBy('referral', 'consent'))
  t.strictSame(got(both, {}, { eventId: eventId(99) }), [])
})

t.test('what stands beside a fact is found by its event, oldest first', async (t) => {
  const stream = `correctionRequest-${c.correctionRequest}`
  const about = { eventId: eventId(0), field: '/facts' }
  const granted = { ...about, outcome: 'granted', statement: undefined }
  const found = correctionsOf(
    logOf(
      talk,
      [
        stream,
        fact('CorrectionDecided', { ...about, outcome: 'refused', statement: '違う', personId: c.child }),
      ],
      [stream, fact('CorrectionDecided', granted)],
      [stream, fact('EventCorrected', { ...about, value: '一度' })],
    ),
  )
  t.strictSame(
    [...found],
    [
      [
        eventId(0),
        [
          { kind: 'statement', field: '/facts', value: '違う', on: '2022-02-17', personId: c.child },
          { kind: 'corrected', field: '/facts', value: '一度', on: '2022-02-17' },
        ],
      ],
    ],
  )
})
