import { consent } from '#domain/consent/consent.ts'
import {
  child,
  clinic,
  elsewhere,
  family,
  father,
  hub,
  mchCoordinator,
  mother,
  partner,
  sibling,
  system,
  ward,
} from '#test/kit/controls.ts'
import { by, fact } from '#test/kit/facts.ts'
import { rulesOf } from '#test/kit/spec.ts'

const rule = rulesOf(consent)

const asked = {
  familyId: family,
  recipients: [ward],
  dataClasses: ['contact', 'consultationSummary'],
  people: [mother, child],
}
const written = { ...asked, method: 'written' }
const yes = by(partner, fact('ConsentGiven', { until: '2022-08-31' }))
const C11 = { on: '2023-03-22T12:00+09:00' }

const consentGiven = (data: Readonly<Record<string, unknown>>) => ({
  type: 'ConsentGiven',
  data: { ...data, sender: hub },
})

await rule('a consent says to whom, which data, about whom, how and until when (R-PRI-1)', (given) => {
  for (const field of ['familyId', 'recipients', 'dataClasses', 'people', 'method'])
    given()
      .when('GiveConsent', { ...written, [field]: undefined })
      .invalid(`/${field}`)
  for (const field of ['recipients', 'dataClasses', 'people'])
    given()
      .when('GiveConsent', { ...written, [field]: [] })
      .invalid(`/${field}`)
})

await rule('unless said it lasts twelve months (C11: 2023-03-22 to 2024-03-21)', (given) => {
  given()
    .when('GiveConsent', written, C11)
    .emits(consentGiven({ ...written, from: '2023-03-22', until: '2024-03-21' }))
  given()
    .when('GiveConsent', written, { on: '2024-02-29' })
    .emits(consentGiven({ ...written, from: '2024-02-29', until: '2025-02-28' }))
})

await rule('at most until the end of the fiscal year after next', (given) => {
  const until = (day: string, on: string) => given().when('GiveConsent', { ...written, until: day }, { on })
  until('2024-03-31', '2022-02-17').emits(
    consentGiven({ ...written, from: '2022-02-17', until: '2024-03-31' }),
  )
  until('2024-04-01', '2022-02-17').rejects('consent/too-long', '/until')
  until('2025-03-31', '2022-04-01').emits(
    consentGiven({ ...written, from: '2022-04-01', until: '2025-03-31' }),
  )
  until('2025-04-01', '2022-04-01').rejects('consent/too-long', '/until')
})

await rule('it does not end before it begins', (given) => {
  given()
    .when('GiveConsent', { ...written, from: '2022-03-01', until: '2022-02-28' })
    .invalid('/until')
  given()
    .when('GiveConsent', { ...written, until: '2022-02-16' })
    .rejects('consent/too-long', '/until')
})

await rule('spoken words count; a signature follows within 30 days (R-PRI-2, A11)', (given) => {
  const oral = {
    ...asked,
    method: 'oral',
    heardBy: '斎藤',
    words: '伝えてもらっていいです',
    until: '2022-08-31',
  }
  given()
    .when('GiveConsent', oral)
    .emits(consentGiven({ ...oral, from: '2022-02-17', confirmInWritingBy: '2022-03-19' }))
})

await rule('the ward records consents, too, to what it passes on', (given) =>
  given()
    .when('GiveConsent', { ...written, recipients: [hub] }, { by: mchCoordinator })
    .emits({
      type: 'ConsentGiven',
      data: { ...written, recipients: [hub], sender: ward, from: '2022-02-17', until: '2023-02-16' },
    }),
)

const both = { ...written, people: [mother, father, child] }
const known = fact('FamilyRegistered')

await rule('one adult does not consent for another (R-PRI-3)', (given) => {
  const from = (data: unknown) => given().and('family', family, known).when('GiveConsent', data)
  from({ ...written, givenBy: father }).rejects('consent/one-adult-for-another', '/people')
  from({ ...both, givenBy: mother }).rejects('consent/one-adult-for-another', '/people')
  from({ ...written, givenBy: mother }).emits(
    consentGiven({ ...written, givenBy: mother, from: '2022-02-17', until: '2023-02-16' }),
  )
  from({ ...written, people: [child], givenBy: father }).emits(
    consentGiven({ ...written, people: [child], givenBy: father, from: '2022-02-17', until: '2023-02-16' }),
  )
})

await rule('two adults need two consents, even where nobody wrote down who spoke', (given) => {
  given()
    .and('family', family, known)
    .when('GiveConsent', both)
    .rejects('consent/one-adult-for-another', '/people')
  given()
    .and('family', family, known)
    .when('GiveConsent', written)
    .emits(consentGiven({ ...written, from: '2022-02-17', until: '2023-02-16' }))
})

await rule('a caregiver who joined later is an adult like the others', (given) =>
  given()
    .and(
      'family',
      family,
      fact('FamilyRegistered', { caregivers: [] }),
      fact('CaregiverAdded', { caregiver: { personId: sibling, relation: 'grandmother' } }),
    )
    .when('GiveConsent', { ...written, people: [sibling], givenBy: mother })
    .rejects('consent/one-adult-for-another', '/people'),
)

await rule('a no is kept, so that nobody asks again tomorrow (R-PRI-4)', (given) => {
  given().when('DeclineConsent', asked).emits({ type: 'ConsentDeclined', data: asked })
  given(fact('ConsentDeclined')).when('GiveConsent', written).rejects('consent/illegal-transition')
})

await rule('a consent is narrowed from now on', (given) => {
  const scope = {
    recipients: [ward],
    dataClasses: ['contact', 'consultationSummary'],
    people: [mother, child],
    until: '2022-08-31',
  }
  for (const less of [{ dataClasses: ['contact'] }, { people: [mother] }, { until: '2022-06-30' }])
    given(...yes)
      .when('NarrowConsent', less)
      .emits({ type: 'ConsentNarrowed', data: { ...scope, ...less } })
})

await rule('narrowing never widens', (given) => {
  for (const [pointer, more] of [
    ['/recipients', { recipients: [ward, clinic] }],
    ['/dataClasses', { dataClasses: ['contact', 'health'] }],
    ['/people', { people: [mother, child, sibling] }],
    ['/until', { until: '2022-09-01' }],
  ] as const)
    given(...yes)
      .when('NarrowConsent', more)
      .rejects('consent/not-narrower', pointer)
})

await rule('what was taken away does not come back by narrowing again', (given) =>
  given(...yes, fact('ConsentNarrowed'))
    .when('NarrowConsent', { dataClasses: ['contact', 'consultationSummary'] })
    .rejects('consent/not-narrower', '/dataClasses'),
)

await rule('what takes nothing away has happened already', (given) => {
  given(...yes)
    .when('NarrowConsent', {})
    .emits()
  given(...yes)
    .when('NarrowConsent', { recipients: [ward], until: '2022-08-31' })
    .emits()
})

await rule('a consent is withdrawn at any time, with or without a reason (R-PRI-5)', (given) => {
  given(...yes)
    .when('WithdrawConsent', {})
    .emits({ type: 'ConsentWithdrawn', data: {} })
  given(...yes)
    .when('WithdrawConsent', { reason: '家族で話して決めた' })
    .emits({ type: 'ConsentWithdrawn', data: { reason: '家族で話して決めた' } })
})

await rule('a consent given to another organisation does not exist here', (given) => {
  given(...yes)
    .when('WithdrawConsent', {}, { by: elsewhere })
    .rejects('consent/another-organization')
  given(...yes)
    .when('NarrowConsent', { people: [mother] }, { by: mchCoordinator })
    .rejects('consent/another-organization')
})

await rule('it expires after its last day, once, and by the system alone', (given) => {
  const expire = (on: string, until = '2022-08-31') =>
    given(...yes).when('ExpireConsent', { until }, { by: system, on })
  expire('2022-08-31').emits()
  expire('2022-09-01').emits({ type: 'ConsentExpired', data: { until: '2022-08-31' } })
  expire('2022-09-01', '2022-06-30').emits()
  given(...yes, fact('ConsentExpired'))
    .when('ExpireConsent', { until: '2022-08-31' }, { by: system, on: '2022-09-01' })
    .emits()
  given(...yes)
    .when('ExpireConsent', { until: '2022-08-31' })
    .forbidden()
})

await rule('narrowing moves the last day', (given) => {
  const expire = (until: string) =>
    given(...yes, fact('ConsentNarrowed')).when('ExpireConsent', { until }, { by: system, on: '2022-07-01' })
  expire('2022-06-30').emits({ type: 'ConsentExpired', data: { until: '2022-06-30' } })
  expire('2022-08-31').emits()
})

await rule('what was declined, withdrawn or has expired is neither narrowed nor withdrawn again', (given) => {
  for (const end of [fact('ConsentWithdrawn'), fact('ConsentExpired')])
    for (const command of ['NarrowConsent', 'WithdrawConsent'])
      given(...yes, end)
        .when(command, {})
        .rejects('consent/illegal-transition')
  given(fact('ConsentDeclined')).when('WithdrawConsent', {}).rejects('consent/illegal-transition')
})
