import { test } from 'tap'
import {
  child,
  consent,
  consultation,
  coordinator,
  earlierReferral,
  family,
  laterReferral,
  mchCoordinator,
  mother,
  nakamura,
  partner,
  referral,
  userMembership,
  visit,
  ward,
} from '../kit/controls.ts'
import { runningSystem, silent } from '../kit/running-system.ts'

const sending = {
  familyId: family,
  consultationId: consultation,
  direction: 'inlet',
  linkLevel: 'mediate',
  urgency: 'urgent',
  toOrganization: ward,
  destinationKind: 'wardMchCoordinator',
  basis: consent,
}

const registered = async (t: Parameters<typeof runningSystem>[0]) => {
  const world = await runningSystem(t)
  await world.give(nakamura, 'RegisterFamily', family, {
    caregivers: [{ personId: mother, relation: 'mother' }],
  })
  return world
}

const consulted = async (t: Parameters<typeof runningSystem>[0]) => {
  const world = await registered(t)
  await world.give(partner, 'OpenConsultation', consultation, {
    familyId: family,
    trigger: 'conversationShift',
    service: 'userSupport',
  })
  await world.give(partner, 'GiveConsent', consent, {
    familyId: family,
    recipients: [ward],
    dataClasses: ['consultationSummary'],
    people: [mother],
    method: 'written',
  })
  return world
}

const types = (facts: readonly { readonly type: string }[]) => facts.map(({ type }) => type)

test('a consultation is linking while a referral of it is open, and open again with the last one', async (t) => {
  const world = await consulted(t)
  await world.give(partner, 'SendReferral', referral, sending)
  await world.give(partner, 'SendReferral', laterReferral, {
    ...sending,
    destinationKind: 'wardDistrictNurse',
  })
  const refused = await world.give(partner, 'CloseConsultation', consultation, { closeReason: 'done' })
  t.match(refused, {
    kind: 'refused',
    refusal: { refused: 'consultation/illegal-transition' },
    state: 'linking',
  })

  await world.give(partner, 'WithdrawReferral', referral, {})
  const still = await world.give(partner, 'CloseConsultation', consultation, { closeReason: 'done' })
  t.match(still, { kind: 'refused', state: 'linking' })

  await world.give(partner, 'WithdrawReferral', laterReferral, {})
  t.match(await world.give(partner, 'CloseConsultation', consultation, { closeReason: 'done' }), {
    kind: 'done',
  })
  t.strictSame(types(await world.facts('ConsultationLinked', 'ConsultationUnlinked')), [
    'ConsultationLinked',
    'ConsultationLinked',
    'ConsultationUnlinked',
    'ConsultationUnlinked',
  ])
})

test('a declined referral is still open: its consultation stays linking until the sender acts', async (t) => {
  const world = await consulted(t)
  await world.give(partner, 'SendReferral', referral, sending)
  await world.give(mchCoordinator, 'DeclineReferral', referral, { reason: 'outOfScope' })
  t.match(await world.give(partner, 'CloseConsultation', consultation, { closeReason: 'x' }), {
    state: 'linking',
  })
  await world.give(partner, 'CloseReferral', referral, { resolution: 'handledByHub' })
  t.match(await world.give(partner, 'CloseConsultation', consultation, { closeReason: 'x' }), {
    kind: 'done',
  })
})

test('sending anew closes the declined referral once, and the consultation never opens in between', async (t) => {
  const world = await consulted(t)
  await world.give(partner, 'SendReferral', earlierReferral, sending)
  await world.give(mchCoordinator, 'DeclineReferral', earlierReferral, { reason: 'otherEntrance' })
  await world.give(partner, 'SendReferral', referral, {
    ...sending,
    consultationId: undefined,
    destinationKind: 'wardDistrictNurse',
    supersedes: earlierReferral,
  })
  const [closed, ...more] = await world.facts('ReferralClosed')
  t.same(more, [])
  t.match(closed, {
    stream: `referral-${earlierReferral}`,
    data: { resolution: 'resent', supersededBy: referral },
    metadata: { actor: { role: 'system' } },
  })
  const [sent] = (await world.facts('ReferralSent')).slice(-1)
  t.equal(sent?.data.consultationId, consultation, 'the new one belongs to the same consultation')
  t.equal(closed?.metadata.causationId, sent?.id)
  const unlinked = await world.facts('ConsultationUnlinked')
  t.strictSame(
    unlinked.map(({ data }) => data.stillLinking),
    [true],
  )
})

test('a child first met at a visit joins the family, dated as the visit', async (t) => {
  const world = await registered(t)
  const visited = {
    familyId: family,
    visitors: ['father'],
    children: 1,
    childAdded: { personId: child, birthDate: '2021-12-07' },
  }
  await world.give(nakamura, 'RecordVisit', visit, visited)
  const [added, ...more] = await world.facts('ChildAdded')
  t.same(more, [])
  t.match(added, {
    stream: `family-${family}`,
    data: { child: { personId: child } },
    metadata: { occurredOn: '2022-02-17' },
  })
})

test('the family knows which of its memberships are active', async (t) => {
  const world = await registered(t)
  await world.give(coordinator, 'RegisterMembership', userMembership, {
    familyId: family,
    kind: 'user',
    orientation: 'individual',
  })
  await world.give(coordinator, 'EndMembership', userMembership, { reason: 'left' })
  const noted = await world.facts('FamilyMembershipNoted')
  t.strictSame(
    noted.map(({ data }) => data),
    [
      { membershipId: userMembership, kind: 'user', active: true },
      { membershipId: userMembership, kind: 'user', active: false },
    ],
  )
})

test('a consequence is recorded once, however often the log is followed from the beginning', async (t) => {
  const world = await runningSystem(t, { engine: 'sqlite' })
  await world.give(nakamura, 'RegisterFamily', family, {
    caregivers: [{ personId: mother, relation: 'mother' }],
  })
  await world.give(nakamura, 'RecordVisit', visit, {
    familyId: family,
    visitors: ['father'],
    childAdded: { personId: child, birthDate: '2021-12-07' },
  })
  const before = await world.system().store.head()
  await world.restart({ forgettingProcesses: true })
  await world.system().processes.settled(before, 2_000)
  t.equal(await world.system().store.head(), before, 'nothing was added')
  t.equal((await world.facts('ChildAdded')).length, 1)
})

test('what was noted of a membership that has ended since is found done, and nobody is alarmed', async (t) => {
  const warned: string[] = []
  const log = { ...silent, warn: (_: object, text: string) => void warned.push(text) }
  const world = await runningSystem(t, { engine: 'sqlite', log })
  await world.give(coordinator, 'RegisterMembership', userMembership, {
    familyId: family,
    kind: 'user',
    orientation: 'individual',
  })
  await world.give(coordinator, 'EndMembership', userMembership, { reason: 'left' })
  const before = await world.system().store.head()
  await world.restart({ forgettingProcesses: true })
  t.ok(await world.system().processes.settled(before, 5_000))
  t.equal(await world.system().store.head(), before, 'nothing was added')
  t.strictSame(warned, [])
})
