import { visit } from '#domain/visit/visit.ts'
import {
  child,
  elsewhere,
  family,
  hub,
  mainSite,
  mchCoordinator,
  nakamura,
  otherFamily,
  otherHub,
  otherSite,
  satellite,
} from '#test/kit/controls.ts'
import { by, type Fact, fact } from '#test/kit/facts.ts'
import { type Given, rulesOf } from '#test/kit/spec.ts'

const rule = rulesOf(visit)

const around = (given: Given, ...past: readonly Fact[]) =>
  given(...past)
    .and('site', mainSite, fact('SiteOpened', { kind: 'main' }))
    .and('site', satellite, fact('SiteOpened'))
    .and('site', otherSite, fact('SiteOpened', { organization: otherHub }))

const one = (kind: string) => ({ kind, number: 1 })
const bare = { site: mainSite, visitors: [], children: 0, purposes: ['unknown'] }
const recorded = (data: Readonly<Record<string, unknown>>) => ({
  type: 'VisitRecorded',
  data: { ...bare, ...data },
})

await rule('without family, purpose or time it is recorded and counts (N1, R-VIS-1)', (given) =>
  around(given)
    .when('RecordVisit', { visitors: ['mother'] })
    .emits(recorded({ visitors: [one('mother')] })),
)

await rule('an empty list of purposes stays empty: nobody asked (A9)', (given) =>
  around(given)
    .when('RecordVisit', { familyId: family, visitors: ['mother'], children: 1, purposes: [] })
    .emits(recorded({ familyId: family, visitors: [one('mother')], children: 1, purposes: [] })),
)

await rule('father and grandfather bring the twins (C3)', (given) =>
  around(given)
    .when('RecordVisit', { visitors: ['father', 'grandfather'], children: 2, purposes: ['playWithChild'] })
    .emits(
      recorded({ visitors: [one('father'), one('grandfather')], children: 2, purposes: ['playWithChild'] }),
    ),
)

await rule('a pregnant woman alone is one adult visit (R-VIS-4)', (given) =>
  around(given)
    .when('RecordVisit', { visitors: ['pregnantWoman'] })
    .emits(recorded({ visitors: [one('pregnantWoman')] })),
)

await rule('a child in care comes with its provider (R-VIS-3)', (given) =>
  around(given)
    .when('RecordVisit', { visitors: ['kosapoProvider'], children: 1, purposes: ['kosapoCareAtHiroba'] })
    .emits(recorded({ visitors: [one('kosapoProvider')], children: 1, purposes: ['kosapoCareAtHiroba'] })),
)

await rule('children may be a number, age bands, or visitors of kind child', (given) => {
  around(given)
    .when('RecordVisit', { visitors: [{ kind: 'student', number: 3 }, 'child'], children: 1 })
    .emits(recorded({ visitors: [{ kind: 'student', number: 3 }], children: 2 }))
  const childrenByAge = [
    { ageBand: 'm0to5', number: 1 },
    { ageBand: 'y2', number: 2 },
  ]
  around(given)
    .when('RecordVisit', {
      visitors: ['mother'],
      children: [{ ageBand: 'm0to5' }, { ageBand: 'y2', number: 2 }],
    })
    .emits(recorded({ visitors: [one('mother')], children: 3, childrenByAge }))
  around(given)
    .when('RecordVisit', { visitors: ['child/school'] })
    .emits(recorded({ children: 1 }))
})

await rule('a visit of nobody is no visit', (given) => {
  around(given).when('RecordVisit', {}).invalid('/visitors')
  around(given)
    .when('RecordVisit', { visitors: ['mother', 'father'], children: -1 })
    .invalid('/children')
})

await rule('nobody leaves before arriving', (given) => {
  around(given)
    .when('RecordVisit', { visitors: ['mother'], arrivedAt: '10:40', leftAt: '10:39' })
    .invalid('/leftAt')
  around(given)
    .when('RecordVisit', { visitors: ['mother'], arrivedAt: '10:40', leftAt: '10:40' })
    .emits(recorded({ visitors: [one('mother')], arrivedAt: '10:40', leftAt: '10:40' }))
})

await rule('a child that the hub first learns of comes with its family (A6)', (given) => {
  const childAdded = { personId: child, birthDate: '2021-12-07' }
  const a6 = { site: satellite, visitors: ['father'], children: 1, purposes: ['playWithChild'], childAdded }
  around(given)
    .when('RecordVisit', { ...a6, familyId: family }, { on: '2022-02-05T10:40+09:00' })
    .emits(recorded({ ...a6, familyId: family, visitors: [one('father')] }))
  around(given).when('RecordVisit', a6).invalid('/familyId')
  around(given)
    .when('RecordVisit', { ...a6, familyId: family }, { on: '2021-12-06' })
    .rejects('visit/child-born-later', '/childAdded/birthDate')
})

await rule('the date may be said twice, not differently', (given) => {
  around(given)
    .when('RecordVisit', { visitors: ['mother'], date: '2022-02-17' })
    .emits(recorded({ visitors: [one('mother')] }))
  around(given)
    .when('RecordVisit', { visitors: ['mother'], date: '2022-02-18' })
    .rejects('visit/two-dates', '/date')
})

await rule('visits are recorded at sites of the own hub', (given) => {
  around(given)
    .when('RecordVisit', { visitors: ['mother'], site: 'SITE-000000-9' })
    .rejects('visit/unknown-site', '/site')
  around(given)
    .when('RecordVisit', { visitors: ['mother'], site: otherSite })
    .rejects('visit/not-your-site', '/site')
  around(given)
    .when('RecordVisit', { visitors: ['mother'] }, { by: { ...nakamura, siteId: 'SITE-000000-9' } })
    .rejects('visit/unknown-site', '/site')
})

await rule('a closed site keeps its owner: late entries by its own hub only', (given) => {
  const closed = (organization: string) =>
    given().and('site', satellite, fact('SiteOpened', { organization }), fact('SiteClosed'))
  const late = { visitors: ['mother'], site: satellite }
  closed(hub)
    .when('RecordVisit', late)
    .emits(recorded({ visitors: [one('mother')], site: satellite }))
  closed(otherHub).when('RecordVisit', late).rejects('visit/not-your-site', '/site')
})

await rule('someone without a site of their own names one', (given) => {
  const { siteId: _, ...roaming } = nakamura
  around(given)
    .when('RecordVisit', { visitors: ['mother'] }, { by: roaming })
    .rejects('visit/unknown-site', '/site')
  around(given)
    .when('RecordVisit', { visitors: ['mother'], site: satellite }, { by: roaming })
    .emits(recorded({ visitors: [one('mother')], site: satellite }))
})

await rule('visits are for hubs to record', (given) =>
  around(given)
    .when('RecordVisit', { visitors: ['mother'] }, { by: mchCoordinator })
    .forbidden(),
)

const before = {
  site: mainSite,
  visitors: [one('mother')],
  children: 1,
  purposes: ['unknown'],
  familyId: family,
  arrivedAt: '10:30',
}
const was = by(nakamura, {
  type: 'VisitRecorded',
  data: before,
})
const correctedTo = (data: Readonly<Record<string, unknown>>) => ({
  type: 'VisitCorrected',
  data: { ...before, reason: 'typo', ...data },
})

await rule('a correction changes only what it names', (given) => {
  around(given, ...was)
    .when('CorrectVisit', { reason: 'typo', children: 2 })
    .emits(correctedTo({ children: 2 }))
  around(given, ...was)
    .when('CorrectVisit', { reason: 'typo', visitors: ['father'], note: '父だった' })
    .emits(correctedTo({ visitors: [one('father')], note: '父だった' }))
  around(given, ...was)
    .when('CorrectVisit', { children: 2 })
    .invalid('/reason')
})

await rule('a correction of the corrected stands on the corrected', (given) =>
  around(given, ...was, correctedTo({ children: 2 }))
    .when('CorrectVisit', { reason: 'typo', purposes: ['consult'] })
    .emits(correctedTo({ children: 2, purposes: ['consult'] })),
)

await rule('"not this family" leaves the visit and its count', (given) => {
  around(given, ...was)
    .when('CorrectVisit', { reason: 'wrongFamily', familyId: null })
    .emits(correctedTo({ reason: 'wrongFamily', familyId: null }))
  around(given, ...was)
    .when('CorrectVisit', { reason: 'wrongFamily', familyId: otherFamily })
    .emits(correctedTo({ reason: 'wrongFamily', familyId: otherFamily }))
})

const mixed = { ...before, children: 2, childrenByAge: [{ ageBand: 'm0to5', number: 1 }] }

await rule('children are recounted only where the correction speaks of them', (given) => {
  const mixedWas = by(nakamura, { type: 'VisitRecorded', data: mixed })
  around(given, ...mixedWas)
    .when('CorrectVisit', { reason: 'typo', purposes: ['consult'] })
    .emits({ type: 'VisitCorrected', data: { ...mixed, purposes: ['consult'], reason: 'typo' } })
  around(given, ...mixedWas)
    .when('CorrectVisit', { reason: 'typo', visitors: ['father', 'child'] })
    .emits(correctedTo({ visitors: [one('father')], children: 1 }))
  around(given, ...mixedWas)
    .when('CorrectVisit', { reason: 'typo', children: 3 })
    .emits(correctedTo({ children: 3 }))
})

await rule('a correction leaves somebody there, in order', (given) => {
  around(given, ...was)
    .when('CorrectVisit', { reason: 'typo', visitors: [], children: 0 })
    .rejects('visit/nobody-came', '/visitors')
  around(given, ...was)
    .when('CorrectVisit', { reason: 'typo', leftAt: '10:29' })
    .rejects('visit/leaves-before-arriving', '/leftAt')
  around(given, ...was)
    .when('CorrectVisit', { reason: 'typo', leftAt: '11:00' })
    .emits(correctedTo({ leftAt: '11:00' }))
})

await rule('a visit moves to another site of the hub, not to another hub’s', (given) => {
  around(given, ...was)
    .when('CorrectVisit', { reason: 'typo', site: satellite })
    .emits(correctedTo({ site: satellite }))
  around(given, ...was)
    .when('CorrectVisit', { reason: 'typo', site: otherSite })
    .rejects('visit/not-your-site', '/site')
})

await rule('a visit that should never have been recorded is annulled (N10)', (given) => {
  around(given, ...was)
    .when('AnnulVisit', { reason: 'wrongFamily' })
    .emits({ type: 'VisitAnnulled', data: { reason: 'wrongFamily' } })
  around(given, ...was)
    .when('AnnulVisit', {})
    .invalid('/reason')
})

await rule('what was annulled is neither corrected nor annulled again', (given) => {
  for (const [command, data] of [
    ['CorrectVisit', { reason: 'typo', children: 2 }],
    ['AnnulVisit', { reason: 'duplicate' }],
  ] as const) {
    around(given, ...was, fact('VisitAnnulled'))
      .when(command, data)
      .rejects('visit/illegal-transition')
    around(given).when(command, data).rejects('visit/not-found')
  }
})

await rule('only the hub that recorded it changes it', (given) => {
  around(given, ...was)
    .when('CorrectVisit', { reason: 'typo', children: 2 }, { by: elsewhere })
    .rejects('visit/recorded-by-another-hub')
  around(given, ...was)
    .when('AnnulVisit', { reason: 'typo' }, { by: elsewhere })
    .rejects('visit/recorded-by-another-hub')
})
