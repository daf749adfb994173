import { z } from 'zod'
import { membershipKind } from '#domain/codes/lists.ts'
import { WardCode } from '#domain/codes/ward-code.ts'
import { FamilyId, PersonId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, date, plainText, text } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'kosapoMember', function: 'kosapo', changesFamily: true })

export const orientations = ['group', 'individual', 'online'] as const

export const whoShape = {
  familyId: FamilyId.optional(),
  person: PersonId.optional(),
  name: text(100).optional(),
}

export const membershipEvents = {
  KosapoOrientationAttended: fact(
    z.object({ ...whoShape, form: z.enum(orientations), identityChecked: z.boolean() }),
    { title: { ja: '子サポ入会説明会', en: 'Orientation attended' }, state: 'oriented' },
  ),
  ProviderTrainingCompleted: fact(
    z.object({
      completedOn: date(),
      minutes: z.int().min(0).optional(),
      modules: z.array(plainText(100)).optional(),
    }),
    { title: { ja: '提供会員研修を修了', en: 'Provider training completed' } },
  ),
  MembershipRegistered: fact(
    z.object({
      ...whoShape,
      kind: codeOf(membershipKind),
      branchWard: WardCode.optional(),
      orientation: z.enum(orientations).optional(),
      validUntil: date().optional(),
    }),
    { title: { ja: '子サポ会員登録', en: 'Membership registered' }, state: 'active' },
  ),
  MembershipRenewed: fact(z.object({ validUntil: date().optional() }), {
    title: { ja: '会員の更新', en: 'Membership renewed' },
    state: 'active',
  }),
  MembershipKindChanged: fact(z.object({ kind: codeOf(membershipKind) }), {
    title: { ja: '会員種別の変更', en: 'Membership kind changed' },
    state: 'active',
  }),
  MembershipLapsed: fact(z.object({}), {
    title: { ja: '会員の更新切れ', en: 'Membership lapsed' },
    state: 'lapsed',
  }),
  MembershipEnded: fact(z.object({ reason: text(200) }), {
    title: { ja: '退会', en: 'Membership ended' },
    state: 'ended',
  }),
}

export type MembershipEvent = EventOf<typeof membershipEvents>
