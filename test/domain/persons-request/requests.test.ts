import { correctionRequest } from '#domain/persons-request/correction-request.ts'
import { disclosureRequest } from '#domain/persons-request/disclosure-request.ts'
import { suspensionRequest } from '#domain/persons-request/suspension-request.ts'
import * as c from '#test/kit/controls.ts'
import { by, type Fact, fact, on } from '#test/kit/facts.ts'
import { rulesOf } from '#test/kit/spec.ts'

const family = fact('FamilyRegistered')
const asked = {
  familyId: c.family,
  personId: c.mother,
  requesterKind: 'self',
  identityCheck: 'photoDocument',
}
const director = { by: c.director }
const later = (day: string) => ({ by: c.director, on: day })

const disclosure = rulesOf(disclosureRequest)
const received = fact('DisclosureRequestReceived')
const granted = fact('DisclosureDecided', { outcome: 'granted', ground: undefined, withhold: undefined })

await disclosure('the thirty days run from the day it came in, and are pinned (R-PRI-17)', (given) => {
  const term = { receivedOn: '2022-02-10', decideBy: '2022-03-12', extendableTo: '2022-04-11' }
  given()
    .and('family', c.family, family)
    .when('ReceiveDisclosureRequest', { ...asked, receivedOn: '2022-02-10' })
    .emits({ type: 'DisclosureRequestReceived', data: { ...asked, ...term } })
  given()
    .and('family', c.family, family)
    .when('ReceiveDisclosureRequest', { ...asked, receivedOn: '2022-02-18' })
    .rejects('disclosure-request/received-later', '/receivedOn')
})

await disclosure('the person asks, or who may ask for them', (given) => {
  const ask = (changes: object, circumstances = {}) =>
    given()
      .and('family', c.family, family)
      .when('ReceiveDisclosureRequest', { ...asked, ...changes }, circumstances)
  ask({ personId: c.sibling }).rejects('disclosure-request/not-of-the-family', '/personId')
  ask({ requesterKind: 'legalRepresentative' }).invalid('/representative')
  const represented = { requesterKind: 'legalRepresentative', representativeId: c.mother }
  ask(represented).rejects('disclosure-request/not-a-minor', '/requesterKind')
  ask({ ...represented, personId: c.child }, { on: '2039-12-06' }).rejects(
    'disclosure-request/not-a-minor',
    '/requesterKind',
  )
  const term = { receivedOn: '2022-02-17', decideBy: '2022-03-19', extendableTo: '2022-04-18' }
  ask({ ...represented, personId: c.child }).emits({
    type: 'DisclosureRequestReceived',
    data: { ...asked, ...represented, personId: c.child, ...term },
  })
  ask({ identityCheck: undefined }).invalid('/identityCheck')
  ask({}, { by: c.nakamura }).forbidden()
  ask({}, { by: c.mchCoordinator }).forbidden()
})

await disclosure('extended once, by thirty days at most, before the term ends, with a reason', (given) => {
  const extend = (until: string, day: string, ...past: readonly Fact[]) =>
    given(received, ...past).when('ExtendDisclosureTerm', { until, reason: '記録が多い' }, later(day))
  extend('2022-04-18', '2022-03-19').emits(fact('DisclosureTermExtended'))
  extend('2022-04-19', '2022-03-19').rejects('disclosure-request/not-an-extension', '/until')
  extend('2022-03-19', '2022-03-19').rejects('disclosure-request/not-an-extension', '/until')
  extend('2022-04-18', '2022-03-20').rejects('disclosure-request/term-over')
  const once = fact('DisclosureTermExtended', { until: '2022-03-25' })
  extend('2022-04-18', '2022-03-21', once).rejects('disclosure-request/already-extended')
  given(received).when('ExtendDisclosureTerm', { until: '2022-04-18' }, director).invalid('/reason')
})

await disclosure('only the director or the ward’s manager of that organisation decides', (given) => {
  given(received).when('DecideDisclosure', { outcome: 'granted' }).forbidden()
  given(received)
    .when('DecideDisclosure', { outcome: 'granted' }, { by: c.wardManager })
    .rejects('disclosure-request/another-organization')
  given(received)
    .when('DecideDisclosure', { outcome: 'granted' }, director)
    .emits({ type: 'DisclosureDecided', data: { outcome: 'granted' } })
  given(...by(c.wardManager, received))
    .when('DecideDisclosure', { outcome: 'granted' }, { by: c.wardManager })
    .emits({ type: 'DisclosureDecided', data: { outcome: 'granted' } })
})

await disclosure('a decision says what is withheld and on what ground', (given) => {
  const decide = (data: object) => given(received).when('DecideDisclosure', data, director)
  decide({ outcome: 'partly' }).invalid('/withhold')
  const source = { part: 'source', ground: 'otherPerson' }
  decide({ outcome: 'granted', withhold: [source] }).invalid('/withhold')
  decide({ outcome: 'refused' }).invalid('/ground')
  decide({ outcome: 'existenceNotAnswered' }).invalid('/ground')
  decide({ outcome: 'partly', withhold: [{ ground: 'otherPerson' }] }).invalid('/withhold/0/part')
  decide({ outcome: 'partly', withhold: [{ part: 'source' }] }).invalid('/withhold/0/ground')
  decide({ outcome: 'partly', withhold: [{ ...source, field: '/facts' }] }).invalid('/withhold/0/eventId')
  decide({ outcome: 'partly', withhold: [{ ...source, existence: true }] }).invalid('/withhold/0/existence')
  decide({ outcome: 'partly', withhold: [source] }).emits({
    type: 'DisclosureDecided',
    data: { outcome: 'partly', withhold: [source] },
  })
})

await disclosure('what is handed over is what was decided', (given) => {
  const provide = (decided: Fact, handedOver: string) =>
    given(received, decided).when('ProvideDisclosure', { handedOver })
  provide(granted, 'copy').emits({ type: 'DisclosureProvided', data: { handedOver: 'copy' } })
  provide(granted, 'decisionLetter').rejects('disclosure-request/not-as-decided', '/handedOver')
  for (const outcome of ['refused', 'existenceNotAnswered']) {
    const no = fact('DisclosureDecided', { outcome, withhold: undefined })
    provide(no, 'copy').rejects('disclosure-request/not-as-decided', '/handedOver')
    provide(no, 'decisionLetter').emits({
      type: 'DisclosureProvided',
      data: { handedOver: 'decisionLetter' },
    })
  }
  given(received)
    .when('ProvideDisclosure', { handedOver: 'copy' })
    .rejects('disclosure-request/illegal-transition')
})

await disclosure('a missed term is noted once, and only while it stands', (given) => {
  const detect = (dueOn: string, day: string, ...past: readonly Fact[]) =>
    given(received, ...past).when('DetectDisclosureOverdue', { dueOn }, { by: c.system, on: day })
  const overdue = fact('DisclosureOverdueDetected')
  detect('2022-03-19', '2022-03-20').emits(overdue)
  detect('2022-03-19', '2022-03-19').emits()
  detect('2022-03-19', '2022-03-20', overdue).emits()
  detect('2022-03-19', '2022-03-20', granted).emits()
  detect('2022-03-19', '2022-03-20', fact('DisclosureTermExtended')).emits()
  detect('2022-04-18', '2022-04-19', fact('DisclosureTermExtended')).emits(
    fact('DisclosureOverdueDetected', { dueOn: '2022-04-18' }),
  )
})

const correction = rulesOf(correctionRequest)
const shown = [received, granted, fact('DisclosureProvided')]
const disputed = {
  familyId: c.family,
  personId: c.child,
  requesterKind: 'legalRepresentative',
  representativeId: c.mother,
  identityCheck: 'familyRegister',
  disclosureId: c.disclosureRequest,
  eventId: c.disputed,
  field: '/facts',
  value: '一度だけ',
  why: '夫がいた',
}
const stream = `consultation-${c.consultation}`
const entry = { stream, type: 'ConsultationSessionRecorded', part: 'fact' }
const term = { receivedOn: '2022-02-17', decideBy: '2022-03-19', extendableTo: '2022-04-18' }

await correction('after a disclosure, of the same person, by the same organisation', (given) => {
  const ask = (past: readonly Fact[], changes: object = {}) =>
    given()
      .and('family', c.family, family)
      .and('disclosureRequest', c.disclosureRequest, ...past)
      .when('RequestCorrection', { ...disputed, entry, ...changes })
  ask(shown).emits({ type: 'CorrectionRequested', data: { ...disputed, entry, ...term } })
  const code = 'correction-request/not-disclosed'
  ask([]).rejects(code, '/disclosureId')
  ask(shown.slice(0, 2)).rejects(code, '/disclosureId')
  ask(by(c.wardManager, ...shown)).rejects(code, '/disclosureId')
  ask(shown, { personId: c.mother, requesterKind: 'self' }).rejects(code, '/disclosureId')
  ask([received, fact('DisclosureProvided', { handedOver: 'decisionLetter' })]).rejects(code, '/disclosureId')
})

await correction('only a fact of ours is corrected', (given) => {
  const ask = (entryIn: object | undefined) =>
    given()
      .and('family', c.family, family)
      .and('disclosureRequest', c.disclosureRequest, ...shown)
      .when('RequestCorrection', { ...disputed, entry: entryIn })
  for (const part of ['impression', 'assessment'])
    ask({ ...entry, part }).rejects('correction-request/not-a-fact', '/field')
  ask(undefined).rejects('correction-request/no-such-entry', '/eventId')
})

const requested = fact('CorrectionRequested')
const got = [
  { organizationId: c.ward, because: ['referral'] },
  { staffId: 'ogawa', because: ['opened'] },
]
const of = { eventId: c.disputed, field: '/facts', personId: c.child }

await correction(
  'granted: the right value is a fact of its own, and the list is pinned (R-PRI-14)',
  (given) => {
    given(requested)
      .when('DecideCorrection', { outcome: 'granted', value: '一度だけ', recipients: got }, director)
      .emits(
        { type: 'CorrectionDecided', data: { outcome: 'granted', ...of, recipients: got } },
        { type: 'EventCorrected', data: { eventId: c.disputed, stream, field: '/facts', value: '一度だけ' } },
      )
    given(requested).when('DecideCorrection', { outcome: 'granted' }, director).invalid('/value')
    given(requested)
      .when('DecideCorrection', { outcome: 'granted', value: 'x' }, { by: c.partner })
      .forbidden()
  },
)

await correction(
  'refused: the person’s statement stands beside it, nobody else is told (R-PRI-15)',
  (given) => {
    const no = { outcome: 'refused', ground: 'recordIsRight', statement: '言っていません' }
    given(requested)
      .when('DecideCorrection', { ...no, recipients: got }, director)
      .emits({ type: 'CorrectionDecided', data: { ...no, ...of, recipients: [] } })
    given(requested)
      .when('DecideCorrection', { ...no, statement: undefined }, director)
      .invalid('/statement')
    given(requested)
      .when('DecideCorrection', { ...no, ground: undefined }, director)
      .invalid('/ground')
  },
)

await correction('a visit has a correction of its own', (given) => {
  const ofVisit = { ...entry, stream: `visit-${c.visit}`, type: 'VisitRecorded' }
  const past = fact('CorrectionRequested', { entry: ofVisit, field: '/children' })
  const decide = (...visit: readonly Fact[]) =>
    given(past)
      .and('visit', c.visit, ...visit)
      .when('DecideCorrection', { outcome: 'granted', value: '2' }, director)
  decide(fact('VisitRecorded')).rejects('correction-request/correct-the-visit')
  decide(fact('VisitRecorded'), fact('VisitCorrected', { reason: 'typo' })).rejects(
    'correction-request/correct-the-visit',
  )
  decide(fact('VisitRecorded'), fact('VisitCorrected', { reason: 'legalCorrection' })).emits({
    type: 'CorrectionDecided',
    data: { outcome: 'granted', ...of, field: '/children', recipients: [] },
  })
})

await correction('it stays open until everybody on the list has been told', (given) => {
  const decided = fact('CorrectionDecided', { outcome: 'granted', statement: undefined })
  const told = (data: object) => ({
    type: 'CorrectionNotified',
    data: { how: 'letter', on: '2022-03-10', ...data },
  })
  const past = (data: object) =>
    fact('CorrectionNotified', {
      personId: undefined,
      organizationId: undefined,
      staffId: undefined,
      note: undefined,
      ...data,
    })
  const tell = (data: object, ...before: readonly Fact[]) =>
    given(requested, decided, ...before).when(
      'NotifyCorrection',
      { how: 'letter', on: '2022-03-10', ...data },
      later('2022-03-10'),
    )
  tell({ organizationId: c.ward }).emits(told({ organizationId: c.ward }))
  tell({ personId: c.child }, past({ organizationId: c.ward })).emits(told({ personId: c.child }))
  tell({ organizationId: c.ward }, past({ organizationId: c.ward })).emits()
  tell({ organizationId: c.otherWard }).rejects('correction-request/not-on-the-list')
  tell({}).invalid('/personId')
  tell({ personId: c.child, staffId: 'ogawa' }).invalid('/personId')
  tell({ staffId: 'ogawa', how: 'notTold' }).invalid('/note')
  const others = [past({ organizationId: c.ward }), past({ personId: c.child })]
  const kept = { staffId: 'ogawa', how: 'notTold', note: '退職' }
  tell(kept, ...others).emits(told(kept), {
    type: 'CorrectionRequestClosed',
    data: { told: 2, notTold: 1 },
  })
})

await correction('refused, the one who asked is still told, and then it is closed', (given) => {
  const no = fact('CorrectionDecided', { outcome: 'refused', recipients: [] })
  given(requested, no)
    .when('NotifyCorrection', { personId: c.child, how: 'letter' }, later('2022-03-10'))
    .emits(
      { type: 'CorrectionNotified', data: { personId: c.child, how: 'letter', on: '2022-03-10' } },
      { type: 'CorrectionRequestClosed', data: { told: 1, notTold: 0 } },
    )
})

const suspension = rulesOf(suspensionRequest)
const stop = {
  ...disputed,
  eventId: undefined,
  field: undefined,
  value: undefined,
  why: undefined,
  breach: 'provided',
  stop: 'stopProvision',
  use: '区への提供',
}

await suspension('within ninety days of what was shown (98条)', (given) => {
  const ask = (day: string, past: readonly Fact[] = shown) =>
    given()
      .and('family', c.family, family)
      .and('disclosureRequest', c.disclosureRequest, ...past.map((each) => on('2022-02-17', each)))
      .when('RequestSuspension', JSON.parse(JSON.stringify(stop)), later(day))
  const data = { ...JSON.parse(JSON.stringify(stop)), receivedOn: '2022-05-18' }
  ask('2022-05-18').emits({
    type: 'SuspensionRequested',
    data: { ...data, decideBy: '2022-06-17', extendableTo: '2022-07-17' },
  })
  ask('2022-05-19').rejects('suspension-request/too-late', '/disclosureId')
  ask('2022-05-18', []).rejects('suspension-request/not-disclosed', '/disclosureId')
})

await suspension('unlawful provision is stopped; anything else is no longer used, or erased', (given) => {
  const plain = JSON.parse(JSON.stringify(stop))
  given()
    .when('RequestSuspension', { ...plain, stop: 'erase' })
    .invalid('/stop')
  given()
    .when('RequestSuspension', { ...plain, breach: 'used' })
    .invalid('/stop')
})

await suspension('a decision says what was done, or why not', (given) => {
  const decide = (data: object) => given(fact('SuspensionRequested')).when('DecideSuspension', data, director)
  decide({ outcome: 'granted' }).invalid('/measures')
  decide({ outcome: 'refused' }).invalid('/ground')
  decide({ outcome: 'refused', ground: 'noBreach' }).emits({
    type: 'SuspensionDecided',
    data: { outcome: 'refused', ground: 'noBreach' },
  })
  decide({ outcome: 'granted', measures: '止めた' }).emits({
    type: 'SuspensionDecided',
    data: { outcome: 'granted', measures: '止めた' },
  })
})
