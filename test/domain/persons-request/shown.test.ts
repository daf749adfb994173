import t from 'tap'
import { streamName } from '#domain/kernel/event.ts'
import { classAt } from '#domain/persons-request/field-class.ts'
import { classesIn, isAnyShown, partShown, shownBy } from '#domain/persons-request/shown.ts'
import { c, eventId, fact, logOf, specs, type Told } from './kit.ts'

const request = streamName('disclosureRequest', c.disclosureRequest)
const everything = { dataClasses: undefined, from: undefined, to: undefined }
const decided = (decision: object): Told[] => [
  [request, fact('DisclosureRequestReceived', { personId: c.mother, ...everything })],
  [request, fact('DisclosureDecided', { ground: undefined, withhold: undefined, ...decision })],
]
const registered: Told = [`family-${c.family}`, fact('FamilyRegistered')]
const notice: Told = [`notice-${c.notice}`, fact('NoticeRecorded', { aboutPerson: c.mother })]

const shown = (...told: readonly Told[]) => {
  const facts = logOf(...told)
  return { facts, entries: shownBy(facts, specs, request, false) }
}

t.test('what a disclosure shows is what stood in the log at its decision', async (t) => {
  const granted = decided({ outcome: 'granted' })
  const { entries } = shown(registered, ...granted, notice)
  t.strictSame(entries, shown(registered, ...granted).entries)
  t.strictSame(
    entries.map((entry) => entry.eventId),
    [eventId(0)],
  )
})

t.test('nothing is shown before the decision, or where it says no', async (t) => {
  t.strictSame(shown(registered).entries, [])
  t.strictSame(shown(registered, ...decided({ outcome: 'granted' }).slice(0, 1)).entries, [])
  for (const outcome of ['refused', 'existenceNotAnswered'])
    t.strictSame(shown(registered, ...decided({ outcome, ground: 'existence' })).entries, [])
})

t.test(
  'its classes are those of every field that was shown, and of every record that was named',
  async (t) => {
    const { entries, facts } = shown(registered, notice, ...decided({ outcome: 'granted' }))
    t.strictSame(classesIn(entries, facts, specs), ['registration', 'contact', 'notice'])
    const withhold = [
      { eventId: eventId(0), field: '/caregivers', ground: 'otherPerson' },
      { eventId: eventId(1), ground: 'otherPerson' },
    ]
    const some = shown(registered, notice, ...decided({ outcome: 'partly', withhold }))
    t.strictSame(classesIn(some.entries, some.facts, specs), ['registration'])
  },
)

t.test('a field was shown with all that lies below it, or it was not', async (t) => {
  const withhold = [{ eventId: eventId(0), field: '/caregivers/0/contact/email', ground: 'otherPerson' }]
  const { entries } = shown(registered, ...decided({ outcome: 'partly', withhold }))
  const part = (field: string) => partShown(entries, eventId(0), field)
  t.equal(part('/caregivers/0/contact/phone'), 'fact')
  t.equal(part('/caregivers/1/relation'), 'thirdParty')
  t.equal(part('/caregivers/0/contact/email'), undefined)
  t.equal(part('/caregivers/0/contact'), undefined)
  t.equal(part('/caregivers/0/cont'), undefined)
  const any = (field: string) => isAnyShown(entries, eventId(0), field)
  t.ok(any('/caregivers/0/contact'), 'whoever got a piece got something of it')
  t.notOk(any('/caregivers/0/contact/email'))
  t.notOk(any('/caregivers/0/cont'))
  t.equal(partShown(entries, eventId(1), '/familyId'), undefined)
})

t.test('a field has a class of its own, or that of its fact', async (t) => {
  const of = (type: string, field: string) => {
    const spec = specs[type]
    return spec && classAt(spec, field)
  }
  t.equal(of('FamilyRegistered', '/caregivers/0/contact/phone'), 'contact')
  t.equal(of('FamilyProfileUpdated', '/caregivers/3/contact/address'), 'contact', 'inside what is optional')
  t.equal(of('FamilyRegistered', '/caregivers/0/name'), 'registration')
  t.equal(of('CareRequested', '/allergies'), 'health')
  t.equal(of('ReferralSent', '/summary'), 'referralContent')
  t.equal(of('ReferralSent', '/metadata/toldBy'), 'referralEnvelope')
  t.equal(of('ReferralSent', '/nothing/here'), 'referralEnvelope')
})
