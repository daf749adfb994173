import { family } from '#domain/family/family.ts'
import {
  child,
  father,
  grandmother,
  mainSite,
  mchCoordinator,
  mother,
  nakamura,
  newId,
  satellite,
  sibling,
  system,
  userMembership,
} from '#test/kit/controls.ts'
import { fact } from '#test/kit/facts.ts'
import { rulesOf } from '#test/kit/spec.ts'

const rule = rulesOf(family)
const known = fact('FamilyRegistered')
const bare = { caregivers: [], children: [], familyType: 'unknown', householdFlags: [] }
const registered = (data: Readonly<Record<string, unknown>>) => ({
  type: 'FamilyRegistered',
  data: { registeredAtSite: mainSite, ...bare, ...data },
})

await rule('a family is registered with what it tells; the type is usually unknown', (given) =>
  given().when('RegisterFamily', {}).emits(registered({})),
)

await rule('it is registered where the one who records works, unless said (A3)', (given) => {
  given()
    .when('RegisterFamily', { familyType: 'B', registeredAtSite: satellite })
    .emits(registered({ familyType: 'B', registeredAtSite: satellite }))
  given().when('RegisterFamily', {}, { by: mchCoordinator }).emits({ type: 'FamilyRegistered', data: bare })
})

await rule('people get an id, theirs or a new one', (given) =>
  given()
    .when('RegisterFamily', {
      caregivers: [{ personId: mother, name: '田中美咲', relation: 'mother' }, { name: '田中健一' }],
      children: [{ birthDate: '2021-12-07' }],
    })
    .emits(
      registered({
        caregivers: [
          { personId: mother, name: '田中美咲', relation: 'mother' },
          { personId: newId(1), name: '田中健一', relation: 'unknown' },
        ],
        children: [{ personId: newId(2), birthDate: '2021-12-07' }],
      }),
    ),
)

await rule('nobody is two people of a family', (given) =>
  given()
    .when('RegisterFamily', {
      caregivers: [{ personId: mother }],
      children: [{ personId: mother, birthDate: '2021-12-07' }],
    })
    .rejects('family/person-twice'),
)

await rule('a child is born before it is known', (given) => {
  given()
    .when('RegisterFamily', { children: [{ birthDate: '2022-02-18' }] })
    .rejects('family/born-later', '/children/0/birthDate')
  given(known).when('AddChild', { birthDate: '2022-02-18' }).rejects('family/born-later', '/birthDate')
  given(known)
    .when('UpdateFamilyProfile', { children: [{ personId: child, birthDate: '2022-02-18' }] })
    .rejects('family/born-later', '/children/0/birthDate')
})

await rule('municipal codes are six digits with their check digit', (given) => {
  given()
    .when('RegisterFamily', { residenceWard: '141097' })
    .emits(registered({ residenceWard: '141097' }))
  given()
    .when('RegisterFamily', { residenceWard: '131016' })
    .emits(registered({ residenceWard: '131016' }))
  given().when('RegisterFamily', { residenceWard: '141098' }).invalid('/residenceWard')
})

await rule('a family is registered once', (given) =>
  given(known).when('RegisterFamily', {}).rejects('family/illegal-transition'),
)

await rule('caregivers and children join', (given) => {
  given(known)
    .when('AddCaregiver', { personId: grandmother, name: '佐藤和子', relation: 'grandmother' })
    .emits({
      type: 'CaregiverAdded',
      data: { caregiver: { personId: grandmother, name: '佐藤和子', relation: 'grandmother' } },
    })
  given(known)
    .when('AddChild', { personId: sibling, birthDate: '2022-02-17' })
    .emits({ type: 'ChildAdded', data: { child: { personId: sibling, birthDate: '2022-02-17' } } })
  given(known)
    .when('AddChild', { birthDate: '2022-02-17' })
    .emits({ type: 'ChildAdded', data: { child: { personId: newId(1), birthDate: '2022-02-17' } } })
})

await rule('nobody joins twice; the same child again is no news', (given) => {
  given(known).when('AddCaregiver', { personId: mother }).rejects('family/person-known', '/personId')
  given(known)
    .when('AddChild', { personId: child, birthDate: '2021-12-08' })
    .rejects('family/person-known', '/personId')
  given(known).when('AddChild', { personId: child, birthDate: '2021-12-07' }, { by: system }).emits()
  given(known, fact('ChildAdded')).when('AddChild', { personId: sibling, birthDate: '2024-05-11' }).emits()
})

await rule('an update touches only what it names', (given) => {
  given(known)
    .when('UpdateFamilyProfile', { residenceWard: '141186', householdFlags: [] })
    .emits({
      type: 'FamilyProfileUpdated',
      data: { residenceWard: '141186', householdFlags: [], asOf: '2022-02-17' },
    })
  given(known)
    .when('UpdateFamilyProfile', {
      asOf: '2022-01-01',
      caregivers: [{ personId: mother, contact: { phone: '090-0000-0009' } }],
    })
    .emits({
      type: 'FamilyProfileUpdated',
      data: { asOf: '2022-01-01', caregivers: [{ personId: mother, contact: { phone: '090-0000-0009' } }] },
    })
  given(known).when('UpdateFamilyProfile', {}).emits()
})

await rule('an update is about people of the family, as what they are', (given) => {
  given(known)
    .when('UpdateFamilyProfile', { caregivers: [{ personId: sibling }] })
    .rejects('family/no-such-person', '/caregivers/0/personId')
  given(known)
    .when('UpdateFamilyProfile', {
      children: [{ personId: child }, { personId: mother, birthDate: '2020-01-01' }],
    })
    .rejects('family/no-such-person', '/children/1/personId')
  given(known)
    .when('UpdateFamilyProfile', { caregivers: [{ name: '誰か' }] })
    .invalid('/caregivers/0/personId')
})

await rule('the family type holds from a date', (given) => {
  given(known)
    .when('AssessFamilyType', { familyType: 'C' })
    .emits({ type: 'FamilyTypeAssessed', data: { familyType: 'C', asOf: '2022-02-17' } })
  given(known)
    .when('AssessFamilyType', { familyType: 'C', asOf: '2021-10-01' })
    .emits({ type: 'FamilyTypeAssessed', data: { familyType: 'C', asOf: '2021-10-01' } })
})

await rule('where children spend their days, from the day it happened (A25, C25)', (given) => {
  given(known)
    .when('ChangeChildPlacement', { person: child, placement: 'kindergarten' }, { on: '2025-04-08' })
    .emits({
      type: 'ChildPlacementChanged',
      data: { people: [child], placement: 'kindergarten', since: '2025-04-08' },
    })
  given(known, fact('ChildAdded'))
    .when('ChangeChildPlacement', { people: [child, sibling], placement: 'nursery', since: '2025-04-01' })
    .emits({
      type: 'ChildPlacementChanged',
      data: { people: [child, sibling], placement: 'nursery', since: '2025-04-01' },
    })
})

await rule('placements are of the family’s children', (given) => {
  given(known)
    .when('ChangeChildPlacement', { person: sibling, placement: 'nursery' })
    .rejects('family/no-such-person', '/person')
  given(known)
    .when('ChangeChildPlacement', { people: [child, father], placement: 'nursery' })
    .rejects('family/no-such-person', '/people/1')
  given(known).when('ChangeChildPlacement', { placement: 'nursery' }).invalid('/people')
  given(known)
    .when('ChangeChildPlacement', { person: child, people: [child], placement: 'nursery' })
    .invalid('/people')
})

await rule('a move changes the residence from its day on, from where the family lived', (given) => {
  given(known)
    .when('MoveFamily', { to: '141101', movedOn: '2022-02-01' })
    .emits({ type: 'FamilyMoved', data: { from: '141097', to: '141101', movedOn: '2022-02-01' } })
  given(known, fact('FamilyMoved', { to: '141101' }))
    .when('MoveFamily', {})
    .emits({ type: 'FamilyMoved', data: { from: '141101', movedOn: '2022-02-17' } })
  given(known).when('MoveFamily', { from: '141097', to: '141097' }).invalid('/to')
})

await rule('nothing happens to a family that is not registered', (given) => {
  for (const [command, data] of [
    ['AddCaregiver', {}],
    ['AddChild', { birthDate: '2021-12-07' }],
    ['UpdateFamilyProfile', {}],
    ['AssessFamilyType', { familyType: 'A' }],
    ['ChangeChildPlacement', { person: child, placement: 'nursery' }],
    ['MoveFamily', {}],
  ] as const)
    given().when(command, data).rejects('family/not-found')
})

await rule('memberships are noted by the system, once for each change', (given) => {
  const noted = { membershipId: userMembership, kind: 'user', active: true }
  given(known)
    .when('NoteFamilyMembership', noted, { by: system })
    .emits({ type: 'FamilyMembershipNoted', data: noted })
  given()
    .when('NoteFamilyMembership', noted, { by: system })
    .emits({ type: 'FamilyMembershipNoted', data: noted })
  given(known, fact('FamilyMembershipNoted')).when('NoteFamilyMembership', noted, { by: system }).emits()
  given(known, fact('FamilyMembershipNoted'))
    .when('NoteFamilyMembership', { ...noted, active: false }, { by: system })
    .emits({ type: 'FamilyMembershipNoted', data: { ...noted, active: false } })
  given(known).when('NoteFamilyMembership', noted, { by: nakamura }).forbidden()
})
