import { membership } from '#domain/membership/membership.ts'
import { coordinator, elsewhere, family, mchCoordinator, mother, system } from '#test/kit/controls.ts'
import { by, fact } from '#test/kit/facts.ts'
import { rulesOf } from '#test/kit/spec.ts'

const rule = rulesOf(membership)
const oriented = by(coordinator, fact('KosapoOrientationAttended'))
const user = by(coordinator, fact('MembershipRegistered'))
const training = fact('ProviderTrainingCompleted')
const provider = [training, ...by(coordinator, fact('MembershipRegistered', { kind: 'provider' }))]
const mrs = { familyId: family, person: mother, kind: 'user' }

await rule('everybody attends an orientation, in a group unless said, with the identity checked', (given) => {
  given()
    .when('AttendOrientation', { familyId: family })
    .emits({
      type: 'KosapoOrientationAttended',
      data: { familyId: family, form: 'group', identityChecked: true },
    })
  given()
    .when('AttendOrientation', { form: 'online', identityChecked: false })
    .emits({ type: 'KosapoOrientationAttended', data: { form: 'online', identityChecked: false } })
})

await rule('after it one becomes a member', (given) =>
  given(...oriented)
    .when('RegisterMembership', mrs)
    .emits({ type: 'MembershipRegistered', data: mrs }),
)

await rule(
  'in an urgent case the individual orientation is recorded with it (A17); never none at all',
  (given) => {
    const a17 = { ...mrs, orientation: 'individual' }
    given().when('RegisterMembership', a17).emits({ type: 'MembershipRegistered', data: a17 })
    given().when('RegisterMembership', mrs).rejects('membership/no-orientation', '/orientation')
  },
)

await rule('a user member belongs to a family, a provider need not', (given) => {
  given(...oriented)
    .when('RegisterMembership', { kind: 'user' })
    .invalid('/familyId')
  given(...oriented)
    .when('RegisterMembership', { kind: 'both' })
    .invalid('/familyId')
  given(...oriented, training)
    .when('RegisterMembership', { kind: 'provider' })
    .emits({ type: 'MembershipRegistered', data: { kind: 'provider' } })
})

await rule('provider and both need the completed training', (given) => {
  for (const kind of ['provider', 'both', 'provider/trial']) {
    given(...oriented)
      .when('RegisterMembership', { ...mrs, kind })
      .rejects('membership/training-not-completed', '/kind')
    given(...oriented, training)
      .when('RegisterMembership', { ...mrs, kind })
      .emits({ type: 'MembershipRegistered', data: { ...mrs, kind } })
  }
})

await rule('training is completed before, between or after; on the day it happened unless said', (given) => {
  for (const past of [[], oriented, user, [...user, fact('MembershipLapsed')]])
    given(...past)
      .when('CompleteProviderTraining', { minutes: 1140 })
      .emits({ type: 'ProviderTrainingCompleted', data: { minutes: 1140, completedOn: '2022-02-17' } })
  given()
    .when('CompleteProviderTraining', { completedOn: '2020-11-20' })
    .emits({ type: 'ProviderTrainingCompleted', data: { completedOn: '2020-11-20' } })
})

await rule('it is renewed every year, also after it has lapsed', (given) => {
  for (const past of [user, [...user, fact('MembershipLapsed')]])
    given(...past)
      .when('RenewMembership', { validUntil: '2023-03-31' })
      .emits({ type: 'MembershipRenewed', data: { validUntil: '2023-03-31' } })
})

await rule('who looked for care may give it, too, once trained', (given) => {
  given(...user)
    .when('ChangeMembershipKind', { kind: 'both' })
    .rejects('membership/training-not-completed', '/kind')
  given(...user, training)
    .when('ChangeMembershipKind', { kind: 'both' })
    .emits({ type: 'MembershipKindChanged', data: { kind: 'both' } })
  given(...user)
    .when('ChangeMembershipKind', { kind: 'user' })
    .emits()
  given(...provider)
    .when('ChangeMembershipKind', { kind: 'user' })
    .emits({ type: 'MembershipKindChanged', data: { kind: 'user' } })
})

await rule('the system notes that it lapsed', (given) => {
  given(...user)
    .when('LapseMembership', {}, { by: system })
    .emits({ type: 'MembershipLapsed', data: {} })
  given(...user)
    .when('LapseMembership', {})
    .forbidden()
  given(...user, fact('MembershipLapsed'))
    .when('LapseMembership', {}, { by: system })
    .rejects('membership/illegal-transition')
})

await rule('it ends, active or lapsed, for good', (given) => {
  for (const past of [user, [...user, fact('MembershipLapsed')]])
    given(...past)
      .when('EndMembership', { reason: '市外へ転出' })
      .emits({ type: 'MembershipEnded', data: { reason: '市外へ転出' } })
  for (const [command, data] of [
    ['RenewMembership', {}],
    ['RegisterMembership', mrs],
    ['ChangeMembershipKind', { kind: 'user' }],
    ['EndMembership', { reason: '退会' }],
  ] as const)
    given(...user, fact('MembershipEnded'))
      .when(command, data)
      .rejects('membership/illegal-transition')
})

await rule('a lapsed membership does not change its kind', (given) =>
  given(...user, fact('MembershipLapsed'))
    .when('ChangeMembershipKind', { kind: 'user' })
    .rejects('membership/illegal-transition'),
)

await rule('another branch does not get to know of it; the ward has no part in it', (given) => {
  for (const [command, data] of [
    ['RenewMembership', {}],
    ['ChangeMembershipKind', { kind: 'user' }],
    ['EndMembership', { reason: '退会' }],
  ] as const) {
    given(...user)
      .when(command, data, { by: elsewhere })
      .rejects('membership/another-branch')
    given(...user)
      .when(command, data, { by: mchCoordinator })
      .forbidden()
  }
})
