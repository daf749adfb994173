import { firstDayOfCare, schoolGradeOn } from '#domain/calendar/age.ts'
import { type Context, refuse } from '#domain/kernel/lifecycle.ts'
import { baseCode } from '#domain/kernel/schema.ts'
import type { Begun } from './state.ts'
import type { FamilyView, MemberView } from './views.ts'

const LAST_GRADE = 6

export const isUrgent = (urgency: string): boolean => baseCode(urgency) === 'sameOrNextDay'

export const isOurs = (state: Begun, { actor }: Context) =>
  actor.role === 'system' || state.organizationId === actor.organizationId
    ? undefined
    : refuse('care-request/another-branch', 'No such request here.')

export const childrenBelong = (family: FamilyView, children: readonly string[] | undefined) => {
  const stranger = children?.findIndex((child) => !(child in family.children)) ?? -1
  return stranger < 0
    ? undefined
    : refuse('care-request/no-such-child', 'Add the child to the family.', `/children/${stranger}`)
}

export const isAProvider = (member: MemberView, state: Begun, family: FamilyView) => {
  if (!['provider', 'both'].includes(baseCode(member.kind)))
    return refuse('care-request/not-a-provider', 'Ask somebody who is registered as a provider.', '/provider')
  const isOfTheFamily =
    member.familyId === state.familyId || family.caregivers.some((person) => person === member.person)
  return isOfTheFamily ? refuse('care-request/own-provider', 'Ask another provider.', '/provider') : undefined
}

export const providerIsReady = (member: MemberView, state: Begun, family: FamilyView) =>
  isAProvider(member, state, family) ??
  (member.active && member.trained
    ? undefined
    : refuse('care-request/provider-not-ready', 'Registration and training come first.', '/provider'))

export const oneAtATime = (state: Begun, provider: string) => {
  const pending = Object.entries(state.candidates).some(
    ([other, answer]) => answer === 'asked' && other !== provider,
  )
  return pending && !isUrgent(state.urgency)
    ? refuse('care-request/candidate-pending', 'Wait for the answer of the one asked before.', '/provider')
    : undefined
}

export const wasAsked = (state: Begun, provider: string) =>
  state.candidates[provider] === 'asked'
    ? undefined
    : refuse('care-request/not-asked', 'Propose the candidate first.', '/provider')

export const wasMet = (state: Begun, provider: string | undefined) =>
  provider === undefined || provider === state.met
    ? undefined
    : refuse('care-request/provider-not-met', 'Hold a pre-meeting with this provider first.', '/provider')

/** Every child named, or at least one of the family's where none is named. */
export function childIsEligible(state: Begun, family: FamilyView, { occurredOn }: Context) {
  const on = state.wantedOn ?? occurredOn
  const eligible = (birthDate: string | undefined) =>
    birthDate !== undefined && firstDayOfCare(birthDate) <= on && schoolGradeOn(birthDate, on) <= LAST_GRADE
  const ok = state.children
    ? state.children.every((child) => eligible(family.children[child]))
    : Object.values(family.children).some(eligible)
  return ok ? undefined : refuse('care-request/child-not-eligible', 'Day 57 is the birth date plus 57 days.')
}

export const isMember = ({ members }: FamilyView) =>
  members.length === 0
    ? refuse('care-request/no-active-membership', 'Register the family, or renew its membership, first.')
    : undefined
