import {
  clinic,
  consent,
  consultation,
  earlierReferral,
  elsewhere,
  father,
  hub,
  mchCoordinator,
  mother,
  nakamura,
  otherFamily,
  otherHub,
  otherWard,
  partner,
  referral,
  ward,
} from '#test/kit/controls.ts'
import { by, fact, on } from '#test/kit/facts.ts'
import { around, letter, organization, outletLetter, pasts, rule } from '#test/kit/referrals.ts'

const stored = (changes: Readonly<Record<string, unknown>> = {}) => ({
  type: 'ReferralSent',
  data: { ...letter(), ackDueOn: '2022-02-18', firstContactDueOn: '2022-02-22', sentFrom: hub, ...changes },
})

await rule('a referral may be drafted first, for nobody else to see', (given) =>
  given().when('DraftReferral', letter()).emits({ type: 'ReferralDrafted', data: letter() }),
)

await rule('or be sent at once', (given) => around(given).when('SendReferral', letter()).emits(stored()))

await rule('the consent that is asked for names recipients and data', (given) => {
  const asked = { recipients: [ward], dataClasses: ['contact'] }
  given(...pasts.draft)
    .when('RequestReferralConsent', asked)
    .emits({ type: 'ReferralConsentRequested', data: asked })
  given(...pasts.draft)
    .when('RequestReferralConsent', { ...asked, recipients: [] })
    .invalid('/recipients')
  given(...pasts.draft)
    .when('RequestReferralConsent', { ...asked, dataClasses: [] })
    .invalid('/dataClasses')
})

await rule('a draft is sent with or without having waited for the consent', (given) => {
  around(given, ...pasts.draft)
    .when('SendReferral', letter())
    .emits(stored())
  around(given, ...pasts.awaitingConsent)
    .when('SendReferral', letter())
    .emits(stored())
})

await rule('a draft belongs to those who wrote it', (given) => {
  around(given, ...pasts.draft)
    .when('SendReferral', letter(), { by: elsewhere })
    .rejects('referral/not-the-sender')
  given(...pasts.draft)
    .when('RequestReferralConsent', { recipients: [ward], dataClasses: ['contact'] }, { by: elsewhere })
    .rejects('referral/not-the-sender')
})

await rule('a draft keeps its family', (given) =>
  around(given, ...pasts.draft)
    .when('SendReferral', letter({ familyId: otherFamily }))
    .rejects('referral/another-family', '/familyId'),
)

await rule('what was sent is not sent again', (given) =>
  around(given, ...pasts.sent)
    .when('SendReferral', letter())
    .rejects('referral/illegal-transition'),
)

await rule('G1: without any basis nothing is sent (N2)', (given) => {
  around(given)
    .when('SendReferral', letter({ basis: undefined }))
    .rejects('referral/no-basis', '/basis')
  around(given)
    .when('SendReferral', letter({ basis: undefined, legalBasis: 'consent' }))
    .rejects('referral/no-basis', '/basis')
})

await rule('G1: a statutory basis is recorded with its reason', (given) => {
  const statutory = letter({ basis: undefined, legalBasis: 'vitalInterest' })
  around(given).when('SendReferral', statutory).rejects('referral/no-basis', '/basisReason')
  const withReason = letter({
    basis: undefined,
    legalBasis: 'vitalInterest',
    basisReason: '本人の命に関わる',
  })
  around(given)
    .when('SendReferral', withReason)
    .emits({ type: 'ReferralSent', data: { ...stored().data, basis: undefined, ...withReason } })
})

await rule('G1: the consent must exist', (given) =>
  around(given)
    .and('consent', consent)
    .when('SendReferral', letter())
    .rejects('referral/not-covered-by-consent', '/basis'),
)

await rule('G1: a no is not a yes', (given) =>
  around(given)
    .and('consent', consent, fact('ConsentDeclined'))
    .when('SendReferral', letter())
    .rejects('referral/not-covered-by-consent', '/basis'),
)

await rule('G1: the consent must be this family’s', (given) =>
  around(given)
    .and('consent', consent, fact('ConsentGiven', { familyId: otherFamily }))
    .when('SendReferral', letter())
    .rejects('referral/not-covered-by-consent', '/basis'),
)

await rule('G1: the consent must have been given to the sender', (given) =>
  around(given)
    .and('consent', consent, fact('ConsentGiven', { sender: otherHub }))
    .when('SendReferral', letter())
    .rejects('referral/not-covered-by-consent', '/basis'),
)

await rule('G1: a consent that was withdrawn covers nothing any more', (given) =>
  around(given)
    .and('consent', consent, fact('ConsentGiven'), fact('ConsentWithdrawn'))
    .when('SendReferral', letter())
    .rejects('referral/not-covered-by-consent', '/basis'),
)

await rule('G1: a consent covers its last day and not the next (CNS-A1 until 2022-08-31)', (given) => {
  around(given)
    .when('SendReferral', letter(), { on: '2022-08-31T15:00+09:00' })
    .emits(stored({ ackDueOn: '2022-09-01', firstContactDueOn: '2022-09-05' }))
  around(given)
    .when('SendReferral', letter(), { on: '2022-09-01T09:00+09:00' })
    .rejects('referral/not-covered-by-consent', '/basis')
  around(given)
    .and('consent', consent, fact('ConsentGiven'), fact('ConsentExpired'))
    .when('SendReferral', letter(), { on: '2022-09-01' })
    .rejects('referral/not-covered-by-consent', '/basis')
})

await rule('G1: a consent does not reach back before its first day', (given) =>
  around(given)
    .when('SendReferral', letter(), { on: '2022-02-16' })
    .rejects('referral/not-covered-by-consent', '/basis'),
)

await rule('G1: the recipient must be named in the consent', (given) => {
  around(given)
    .when('SendReferral', letter({ toOrganization: otherWard }))
    .rejects('referral/not-covered-by-consent', '/toOrganization')
  around(given)
    .when('SendReferral', letter({ toOrganization: undefined }))
    .rejects('referral/not-covered-by-consent', '/toOrganization')
})

await rule('G1: all data that goes out must be covered', (given) =>
  around(given)
    .when('SendReferral', letter({ dataClasses: ['contact', 'health'] }))
    .rejects('referral/not-covered-by-consent', '/dataClasses'),
)

await rule('G1: a yes to a class covers a hub’s own part of it, a yes to the part not the class', (given) => {
  const part = ['contact/phoneOnly']
  const data = { ...stored().data, dataClasses: part }
  around(given)
    .when('SendReferral', letter({ dataClasses: part }))
    .emits({ type: 'ReferralSent', data })
  const narrow = around(given).and('consent', consent, fact('ConsentGiven', { dataClasses: part }))
  narrow.when('SendReferral', letter({ dataClasses: part })).emits({ type: 'ReferralSent', data })
  narrow
    .when('SendReferral', letter({ dataClasses: ['contact'] }))
    .rejects('referral/not-covered-by-consent', '/dataClasses')
})

await rule('G1: all people it is about must be covered', (given) =>
  around(given)
    .when('SendReferral', letter({ people: [mother, father] }))
    .rejects('referral/not-covered-by-consent', '/people'),
)

await rule('G1: what was narrowed counts from then on', (given) =>
  around(given)
    .and('consent', consent, fact('ConsentGiven'), fact('ConsentNarrowed'))
    .when('SendReferral', letter())
    .rejects('referral/not-covered-by-consent', '/dataClasses'),
)

await rule('G1: a consent for one purpose does not serve another', (given) => {
  around(given)
    .when('SendReferral', letter({ purpose: '保育所の入所' }))
    .rejects('referral/not-covered-by-consent', '/purpose')
  around(given)
    .when('SendReferral', letter({ purpose: '産後の支援' }))
    .emits(stored({ purpose: '産後の支援' }))
})

await rule('G2: a recipient that nobody knows receives nothing', (given) =>
  around(given)
    .and('organization', ward)
    .when('SendReferral', letter())
    .rejects('referral/destination-not-active', '/toOrganization'),
)

await rule('G2: a destination receives from its first to its last day', (given) => {
  const toClinic = letter({ toOrganization: clinic, destinationKind: 'medical' })
  const yes = fact('ConsentGiven', { recipients: [clinic], until: '2024-03-31' })
  const cases = (from: string, until: string | undefined) =>
    around(given)
      .and('consent', consent, yes)
      .and('organization', clinic, fact('PartnerRegistered', { from, until }))
  const goesOut = { type: 'ReferralSent', data: { ...stored().data, ...toClinic } }
  cases('2022-02-17', '2022-02-17').when('SendReferral', toClinic).emits(goesOut)
  cases('2020-04-01', undefined).when('SendReferral', toClinic).emits(goesOut)
  cases('2022-02-18', undefined).when('SendReferral', toClinic).rejects('referral/destination-not-active')
  cases('2020-04-01', '2022-02-16').when('SendReferral', toClinic).rejects('referral/destination-not-active')
})

await rule('G2: what a partner was updated to counts', (given) => {
  const toClinic = letter({ toOrganization: clinic, destinationKind: 'medical' })
  around(given)
    .and('consent', consent, fact('ConsentGiven', { recipients: [clinic] }))
    .and('organization', clinic, fact('PartnerRegistered'), fact('PartnerUpdated', { until: '2021-12-28' }))
    .when('SendReferral', toClinic)
    .rejects('referral/destination-not-active', '/toOrganization')
})

await rule('G2: only an introduction may go to a place without an account', (given) => {
  const nowhere = {
    basis: undefined,
    legalBasis: 'ownUse',
    basisReason: '本人が自分で連絡する',
    toOrganization: undefined,
  }
  const to = { destinationKind: 'circle', destinationName: '双子サークル' }
  around(given)
    .when('SendReferral', letter({ ...nowhere, ...to }))
    .rejects('referral/no-destination', '/toOrganization')
  const introduced = letter({ ...nowhere, ...to, linkLevel: 'introduce' })
  around(given)
    .when('SendReferral', introduced)
    .emits({
      type: 'ReferralSent',
      data: { ...introduced, ackDueOn: '2022-02-18', firstContactDueOn: '2022-02-22', sentFrom: hub },
    })
})

const linked = (changes: Readonly<Record<string, unknown>> = {}) =>
  fact('ConsultationLinked', { referralId: earlierReferral, ...changes })

await rule('G3: to the same desk only one referral of a consultation is open at a time', (given) => {
  const opened = fact('ConsultationOpened')
  const linking = around(given).and('consultation', consultation, opened, linked())
  linking.when('SendReferral', letter()).rejects('referral/already-open')
  around(given)
    .and(
      'consultation',
      consultation,
      opened,
      linked(),
      fact('ConsultationUnlinked', { referralId: earlierReferral }),
    )
    .when('SendReferral', letter())
    .emits(stored())
})

await rule('G3: another desk, another organisation and another consultation are no obstacle', (given) => {
  const opened = fact('ConsultationOpened')
  around(given)
    .and('consultation', consultation, opened, linked({ destinationKind: 'wardDistrictNurse' }))
    .when('SendReferral', letter())
    .emits(stored())
  around(given)
    .and('consultation', consultation, opened, linked({ toOrganization: otherWard }))
    .when('SendReferral', letter())
    .emits(stored())
})

await rule('a referral comes from an open consultation of its own family and hub', (given) => {
  const closed = [fact('ConsultationOpened'), fact('ConsultationClosed')]
  const from = (...facts: readonly ReturnType<typeof fact>[]) =>
    around(given)
      .and('consultation', consultation, ...facts)
      .when('SendReferral', letter())
  from().rejects('referral/consultation-not-open', '/consultationId')
  from(...closed).rejects('referral/consultation-not-open', '/consultationId')
  from(fact('ConsultationOpened', { familyId: otherFamily })).rejects(
    'referral/consultation-not-open',
    '/consultationId',
  )
  from(...by(elsewhere, fact('ConsultationOpened'))).rejects(
    'referral/consultation-not-open',
    '/consultationId',
  )
  from(...closed, fact('ConsultationReopened')).emits(stored())
})

await rule('giving information is not a referral', (given) =>
  around(given)
    .when('SendReferral', letter({ linkLevel: 'informOnly' }))
    .rejects('referral/information-only', '/linkLevel'),
)

await rule('suspected abuse is reported, not referred (R-REF-6)', (given) => {
  around(given)
    .when('SendReferral', letter({ destinationKind: 'childGuidanceCenter' }))
    .rejects('referral/not-a-referral', '/destinationKind')
  around(given)
    .when('SendReferral', letter({ basis: undefined, legalBasis: 'abuseReport', basisReason: '通告' }))
    .rejects('referral/not-a-referral', '/legalBasis')
})

await rule('inside the hub cases are assigned, not referred (R-REF-8)', (given) => {
  around(given)
    .when('SendReferral', letter({ destinationKind: 'kosapoBranch' }))
    .rejects('referral/inside-the-hub')
  around(given)
    .when('SendReferral', letter({ toOrganization: hub, destinationKind: 'other' }))
    .rejects('referral/inside-the-hub', '/toOrganization')
  given()
    .when('DraftReferral', letter({ destinationKind: 'kosapoBranch' }))
    .rejects('referral/inside-the-hub')
})

await rule(
  'direction is seen from the family: inlet leaves a hub, outlet comes out at one, lateral stays among hubs',
  (given) => {
    const misfits = [
      { letter: letter({ direction: 'outlet' }), by: partner },
      { letter: letter({ direction: 'lateral' }), by: partner },
      { letter: letter({ destinationKind: 'otherHub', toOrganization: otherHub }), by: partner },
      {
        letter: letter({ direction: 'outlet', destinationKind: 'hub', toOrganization: otherHub }),
        by: partner,
      },
      { letter: outletLetter({ direction: 'inlet' }), by: mchCoordinator },
      { letter: outletLetter({ direction: 'lateral' }), by: mchCoordinator },
      { letter: outletLetter({ destinationKind: 'nursery' }), by: mchCoordinator },
    ]
    for (const { letter, by } of misfits)
      given().when('DraftReferral', letter, { by }).rejects('referral/direction-does-not-fit', '/direction')
    const lateral = letter({ direction: 'lateral', destinationKind: 'tsudoiHiroba', toOrganization: clinic })
    for (const fits of [lateral, { ...lateral, destinationKind: 'otherHub', toOrganization: otherHub }])
      given().when('DraftReferral', fits, { by: nakamura }).emits({ type: 'ReferralDrafted', data: fits })
  },
)

await rule('the ward sends to the hub in the hub’s week, Tuesday to Saturday', (given) =>
  around(given)
    .when('SendReferral', outletLetter(), { by: mchCoordinator, on: '2022-02-18T10:00+09:00' })
    .emits({
      type: 'ReferralSent',
      data: { ...outletLetter(), ackDueOn: '2022-02-19', firstContactDueOn: '2022-02-24', sentFrom: ward },
    }),
)

const declined = [...pasts.declined]

await rule('a declined referral is sent anew and keeps its consultation (R-REF-2)', (given) => {
  const anew = letter({
    supersedes: earlierReferral,
    destinationKind: 'wardDistrictNurse',
    consultationId: undefined,
  })
  around(given)
    .and('referral', earlierReferral, ...declined)
    .when('SendReferral', anew)
    .emits(stored({ ...anew, consultationId: consultation }))
})

await rule('G3 does not count the referral that is replaced', (given) =>
  around(given)
    .and('referral', earlierReferral, ...declined)
    .and('consultation', consultation, fact('ConsultationOpened'), linked())
    .when('SendReferral', letter({ supersedes: earlierReferral }))
    .emits(stored({ supersedes: earlierReferral })),
)

await rule('only a declined referral of one’s own, about the same family, is replaced', (given) => {
  const replacing = (...past: readonly ReturnType<typeof fact>[]) =>
    around(given)
      .and('referral', earlierReferral, ...past)
      .when('SendReferral', letter({ supersedes: earlierReferral }))
  replacing().rejects('referral/supersedes-not-declined', '/supersedes')
  replacing(...pasts.sent).rejects('referral/supersedes-not-declined', '/supersedes')
  replacing(...pasts.closed).rejects('referral/supersedes-not-declined', '/supersedes')
  replacing(...by(elsewhere, fact('ReferralSent')), fact('ReferralDeclined')).rejects(
    'referral/supersedes-not-declined',
  )
  replacing(fact('ReferralSent', { familyId: otherFamily }), fact('ReferralDeclined')).rejects(
    'referral/supersedes-not-declined',
  )
})

await rule('the organisations’ business week is that of the one who must act', (given) =>
  around(given)
    .and('organization', ward, organization('hub'))
    .when('SendReferral', letter(), { on: '2022-02-18' })
    .emits(stored({ ackDueOn: '2022-02-19', firstContactDueOn: '2022-02-24' })),
)

await rule('a referral that never was cannot be answered', (given) =>
  given().when('AcknowledgeReferral', {}, { by: mchCoordinator, id: referral }).rejects('referral/not-found'),
)

await rule('a late entry counts its clocks from the day it happened', (given) =>
  around(given)
    .and('consent', consent, on('2022-02-17', fact('ConsentGiven')))
    .when('SendReferral', letter(), { on: '2022-02-17' })
    .emits(stored()),
)
