import fc from 'fast-check'
import t from 'tap'
import { z } from 'zod'
import { codeOf, marksOf, type Part, partMarkOf, partOf, parts, sensitive } from '#domain/kernel/schema.ts'
import { type Asking, type ExportEntry, exportOf, type Withholding } from '#domain/persons-request/export.ts'
import { c, eventId, fact, logOf, specs } from './kit.ts'

const asking: Asking = { familyId: c.family, personId: c.mother, holder: c.hub, withhold: [] }
const session = `consultation-${c.consultation}`

const itemsOf = (entry: ExportEntry | undefined) => (entry && 'items' in entry ? entry.items : [])
const item = (entry: ExportEntry | undefined, path: string) =>
  itemsOf(entry).find((one) => one.path === path && one.beside === undefined)

/** One of everything a hub writes, each text its own. */
const told = logOf(
  [`family-${c.family}`, fact('FamilyRegistered', { learnedFrom: 'u-source-1', familyType: 'C' })],
  [
    `notice-${c.notice}`,
    fact('NoticeRecorded', {
      aboutPerson: c.mother,
      facts: 'u-fact-1',
      impression: 'u-impression-1',
      approach: 'u-assessment-1',
    }),
    { toldBy: 'u-source-2', lateReason: 'u-assessment-2' },
  ],
  [
    session,
    fact('ConsultationSessionRecorded', {
      facts: 'u-fact-2',
      impression: 'u-impression-2',
      participants: ['u-thirdParty-1', 'u-thirdParty-2'],
    }),
  ],
  [
    `referral-${c.referral}`,
    fact('ReferralSent', {
      summary: 'u-assessment-3',
      toOrganization: c.ward,
      destinationName: 'u-organisationName-1',
    }),
  ],
  [
    `careRequest-${c.careRequest}`,
    fact('CandidateProposed', { conditions: 'u-thirdParty-3' }),
    { toldBy: 'u-source-3' },
  ],
)

t.test('every field is an item of its own, with its part (R-PRI-13)', async (t) => {
  const [registered, notice, talk, sent] = exportOf(told, specs, asking)
  t.strictSame(item(notice, '/facts'), { path: '/facts', part: 'fact', value: 'u-fact-1' })
  t.equal(item(notice, '/impression')?.part, 'impression')
  t.equal(item(notice, '/approach')?.part, 'assessment')
  t.equal(item(notice, '/noticeKind/0')?.part, 'assessment')
  t.equal(item(notice, '/metadata/toldBy')?.part, 'source')
  t.equal(item(notice, '/metadata/lateReason')?.part, 'assessment')
  t.equal(item(talk, '/participants/1')?.part, 'thirdParty')
  t.equal(item(sent, '/toOrganization')?.part, 'organisationName')
  t.equal(item(sent, '/destinationName')?.part, 'organisationName')
  t.equal(item(registered, '/familyType')?.part, 'assessment')
})

t.test(
  'what is said of others in the family is a third party’s; of the person themselves it is not',
  async (t) => {
    const [registered] = exportOf(told, specs, asking)
    t.equal(item(registered, '/caregivers/0/name')?.part, 'fact')
    t.equal(item(registered, '/caregivers/0/contact/phone')?.part, 'fact')
    t.equal(item(registered, '/caregivers/1/name')?.part, 'thirdParty')
    t.equal(item(registered, '/children/0/birthDate')?.part, 'thirdParty')
    const [ofChild] = exportOf(told, specs, { ...asking, personId: c.child })
    t.equal(item(ofChild, '/caregivers/0/name')?.part, 'thirdParty')
    t.notOk(JSON.stringify(ofChild).includes('架空町'), 'and nobody learns where another can be found')
    t.equal(item(ofChild, '/children/0/birthDate')?.part, 'fact')
  },
)

t.test('nobody of the staff is named: role and organisation only', async (t) => {
  const log = logOf(
    [session, fact('ConsultationOpened', { owner: 'u-owner' })],
    [`referral-${c.referral}`, fact('ReferralAccepted', { assignee: 'u-assignee' })],
    [`consent-${c.consent}`, fact('ConsentGiven', { heardBy: 'u-heard' })],
  )
  const entries = exportOf(log, specs, asking)
  t.equal(entries.length, 3)
  const text = JSON.stringify(entries)
  for (const name of ['u-owner', 'u-assignee', 'u-heard', c.partner.staffId])
    t.notOk(text.includes(name), name)
  const [opened] = entries
  t.strictSame(opened && 'by' in opened && opened.by, { role: 'hubPartner', organization: c.hub })
})

t.test('whatever is withheld, no word of it is in the answer', async () => {
  const marked = (part: Part) => new RegExp(`u-${part}-\\d`)
  const ground = 'otherPerson'
  fc.assert(
    fc.property(
      fc.subarray([...parts]),
      fc.subarray([0, 1, 2, 3, 4]),
      fc.boolean(),
      (some, whole, existence) => {
        const withhold: Withholding[] = [
          ...some.map((part) => ({ part, ground })),
          ...whole.map((i) => ({
            eventId: eventId(i),
            ground,
            ...(existence && { existence: true as const }),
          })),
        ]
        const entries = exportOf(told, specs, { ...asking, withhold })
        const text = JSON.stringify(entries)
        for (const part of some) if (marked(part).test(text)) throw new Error(`a word of ${part}`)
        for (const i of whole) {
          const entry = entries.find((one) => one.eventId === eventId(i))
          if (
            existence
              ? entry !== undefined
              : !entry || !('withheld' in entry) || Object.keys(entry).length !== 4
          )
            throw new Error('more than that it is withheld')
        }
        for (const part of parts) {
          const isHere = told.some(
            ({ data, metadata }, i) =>
              !whole.includes(i) && marked(part).test(JSON.stringify([data, metadata])),
          )
          if (!some.includes(part) && isHere && !marked(part).test(text)) throw new Error(`${part} is lost`)
        }
      },
    ),
    { numRuns: 300 },
  )
})

t.test('one field of one entry is withheld with what lies below it, and nothing else', async (t) => {
  const withhold = [{ eventId: eventId(2), field: '/participants', ground: 'otherPerson' }]
  const [, , talk] = exportOf(told, specs, { ...asking, withhold })
  t.strictSame(item(talk, '/participants/0'), {
    path: '/participants/0',
    part: 'thirdParty',
    withheld: 'otherPerson',
  })
  t.equal(JSON.stringify(talk).includes('u-thirdParty'), false)
  t.match(item(talk, '/facts'), { value: 'u-fact-2' })
})

t.test('class council leaves no trace: the export is the same with and without it (R-PRI-16)', async (t) => {
  const council = logOf(
    ...told.map(({ stream, type, data, metadata }) => [stream, { type, data }, metadata] as const),
    ['council-1', fact('NoticeRecorded', { facts: 'u-council' }), { dataClass: 'council' }],
    [
      `referral-${c.laterReferral}`,
      fact('ReferralSent', { summary: 'u-council' }),
      { legalBasis: 'councilSharing' },
    ],
    [`referral-${c.laterReferral}`, fact('ReferralClosed', { reason: 'u-council' })],
  )
  t.strictSame(exportOf(council, specs, asking), exportOf(told, specs, asking))
  const thought = logOf(
    [`notice-${c.notice}`, fact('NoticeRecorded', { abuseCheck: 'concern' })],
    [`notice-${c.notice}`, fact('NoticeSharedInTeam', { decision: 'report' })],
  )
  const unthought = logOf(
    [`notice-${c.notice}`, fact('NoticeRecorded', { abuseCheck: undefined })],
    [`notice-${c.notice}`, fact('NoticeSharedInTeam', { decision: 'keepEyeOn' })],
  )
  t.strictSame(exportOf(thought, specs, asking), exportOf(unthought, specs, asking))
  const text = JSON.stringify(exportOf(council, specs, asking))
  for (const counter of ['position', 'version']) t.notOk(text.includes(counter), `no ${counter} to count`)
})

t.test('only what this organisation holds, of this family, in these classes and days', async (t) => {
  const log = logOf(
    [`notice-${c.notice}`, fact('NoticeRecorded'), { on: '2022-01-10' }],
    [session, fact('ConsultationOpened'), { on: '2022-02-10' }],
    [session, fact('ConsultationSessionRecorded'), { actor: c.mchCoordinator }],
    [`notice-${c.otherNotice}`, fact('NoticeRecorded'), { familyId: c.otherFamily }],
    [`disclosureRequest-${c.disclosureRequest}`, fact('DisclosureRequestReceived')],
  )
  const ids = (changes: Partial<Asking>) =>
    exportOf(log, specs, { ...asking, ...changes }).map((entry) => entry.eventId)
  t.strictSame(ids({}), [eventId(0), eventId(1)])
  t.strictSame(ids({ dataClasses: ['notice'] }), [eventId(0)])
  t.strictSame(ids({ from: '2022-02-01' }), [eventId(1)])
  t.strictSame(ids({ to: '2022-02-01' }), [eventId(0)])
  t.strictSame(ids({ holder: c.ward }), [eventId(2)])
})

t.test('the other parent’s talks are not theirs (R-ACC-6)', async (t) => {
  const log = logOf(
    [`family-${c.family}`, fact('FamilyRegistered')],
    [session, fact('ConsultationOpened', { people: [c.mother] })],
    [session, fact('ConsultationSessionRecorded', { facts: 'u-fact-mother' })],
    [`notice-${c.notice}`, fact('NoticeRecorded', { aboutPerson: c.father })],
  )
  const ids = (personId: string) => exportOf(log, specs, { ...asking, personId }).map((one) => one.eventId)
  t.strictSame(ids(c.mother), [eventId(0), eventId(1), eventId(2)])
  t.strictSame(ids(c.father), [eventId(0), eventId(3)])
  t.strictSame(ids(c.child), [eventId(0)])
})

t.test('what was recorded to the wrong family is not shown to this one', async (t) => {
  const corrected = logOf(
    [`visit-${c.visit}`, fact('VisitRecorded')],
    [`visit-${c.visit}`, fact('VisitCorrected'), { familyId: c.otherFamily }],
  )
  t.strictSame(exportOf(corrected, specs, asking), [])
  const annulled = logOf(
    [`visit-${c.visit}`, fact('VisitRecorded')],
    [`visit-${c.visit}`, fact('VisitAnnulled', { reason: 'wrongFamily' })],
  )
  t.strictSame(exportOf(annulled, specs, asking), [])
})

t.test('of a household under protection nothing says where it is or when it comes (R-ACC-2)', async (t) => {
  const log = logOf(
    [`family-${c.family}`, fact('FamilyRegistered')],
    [`visit-${c.visit}`, fact('VisitRecorded')],
    [`family-${c.family}`, fact('FamilyMoved')],
    [`notice-${c.notice}`, fact('NoticeRecorded')],
  )
  const text = JSON.stringify(exportOf(log, specs, { ...asking, hidesWhereabouts: true }))
  for (const place of ['架空町', '090-0000', 'SITE-', '141097"', c.visit])
    t.notOk(text.includes(place), place)
  t.ok(JSON.stringify(exportOf(log, specs, asking)).includes('架空町'))
})

t.test('a corrected value and a statement stand beside their field, and are withheld with it', async (t) => {
  const log = logOf(
    [session, fact('ConsultationSessionRecorded', { facts: 'u-fact-old' })],
    [
      `correctionRequest-${c.correctionRequest}`,
      fact('EventCorrected', { eventId: eventId(0), field: '/facts', value: 'u-fact-new' }),
    ],
    [
      `correctionRequest-${c.correctionRequest}`,
      fact('CorrectionDecided', {
        eventId: eventId(0),
        field: '/facts',
        statement: 'u-said',
        personId: c.mother,
      }),
    ],
  )
  const [entry] = exportOf(log, specs, asking)
  t.strictSame(
    itemsOf(entry).filter(({ beside }) => beside),
    [
      { path: '/facts', part: 'fact', value: 'u-fact-new', beside: 'corrected' },
      { path: '/facts', part: 'fact', value: 'u-said', beside: 'statement' },
    ],
  )
  const withhold = [{ eventId: eventId(0), field: '/facts', ground: 'properWork' }]
  const text = JSON.stringify(exportOf(log, specs, { ...asking, withhold }))
  for (const word of ['u-fact-old', 'u-fact-new', 'u-said']) t.notOk(text.includes(word), word)
  const [others] = exportOf(log, specs, { ...asking, personId: c.father })
  t.equal(itemsOf(others).find(({ beside }) => beside === 'statement')?.part, 'thirdParty')
})

t.test('a mark of a part leaves every other mark as it was, and belongs to one field', async (t) => {
  const list = { name: 'x', labels: { a: { ja: 'あ' } } }
  const code = codeOf(list)
  const marked = partOf('assessment')(code)
  t.strictSame([marksOf(marked), marked.meta()], [marksOf(code), code.meta()])
  t.equal(partMarkOf(code), undefined)
  for (const wrapped of [marked, marked.optional(), marked.optional().readonly()])
    t.equal(partMarkOf(wrapped), 'assessment')
  const outside = partOf('source')(sensitive(z.string()).optional())
  t.strictSame([partMarkOf(outside), marksOf(outside)], ['source', { sensitive: { subject: 'family' } }])
})
