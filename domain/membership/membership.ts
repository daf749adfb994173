import { z } from 'zod'
import { membershipKind } from '#domain/codes/lists.ts'
import { WardCode } from '#domain/codes/ward-code.ts'
import { type Context, commandsOn, firstRefusal, lifecycleOf, refuse } from '#domain/kernel/lifecycle.ts'
import { baseCode, codeOf, date, plainText, text } from '#domain/kernel/schema.ts'
import { hub, system } from '#domain/roles.ts'
import { type MembershipEvent, membershipEvents, orientations, whoShape } from './events.ts'

type Membership = {
  readonly status: 'none' | 'oriented' | 'active' | 'lapsed' | 'ended'
  readonly familyId?: string | undefined
  readonly organizationId?: string
  readonly kind?: string
  readonly trained: boolean
}

const command = commandsOn<Membership, MembershipEvent>()

const AttendOrientation = command({
  summary: 'Required for all, in a group, alone or online; the identity document is checked.',
  from: ['none'],
  by: hub,
  schema: z.strictObject({
    ...whoShape,
    form: z.enum(orientations).default('group'),
    identityChecked: z.boolean().default(true),
  }),
  emits: ['KosapoOrientationAttended'],
  decide: (_, data) => [{ type: 'KosapoOrientationAttended', data }],
})

const CompleteProviderTraining = command({
  summary: 'Before the first activity of a provider.',
  from: ['none', 'oriented', 'active', 'lapsed'],
  by: hub,
  schema: z.strictObject({
    completedOn: date().optional(),
    minutes: z.int().min(0).max(100_000).optional(),
    modules: z.array(plainText(100)).max(50).optional(),
  }),
  emits: ['ProviderTrainingCompleted'],
  decide: (_, { completedOn, ...data }, { occurredOn }) => [
    { type: 'ProviderTrainingCompleted', data: { ...data, completedOn: completedOn ?? occurredOn } },
  ],
})

const RegisterMembership = command({
  summary: 'Somebody becomes a member. In an urgent case the individual orientation is recorded here.',
  from: ['none', 'oriented'],
  by: hub,
  schema: z
    .strictObject({
      ...whoShape,
      kind: codeOf(membershipKind),
      branchWard: WardCode.optional(),
      orientation: z.enum(orientations).optional(),
      validUntil: date().optional(),
    })
    .refine(({ kind, familyId }) => baseCode(kind) === 'provider' || familyId !== undefined, {
      path: ['familyId'],
      message: 'a user member belongs to a family',
    }),
  emits: ['MembershipRegistered'],
  decide: (state, data) =>
    firstRefusal(wasOriented(state, data.orientation), isTrainedFor(state, data.kind)) ?? [
      { type: 'MembershipRegistered', data },
    ],
})

const RenewMembership = command({
  summary: 'Every year; also after it has lapsed.',
  from: ['active', 'lapsed'],
  by: hub,
  schema: z.strictObject({ validUntil: date().optional() }),
  emits: ['MembershipRenewed'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'MembershipRenewed', data }],
})

const ChangeMembershipKind = command({
  summary: 'User, provider or both.',
  from: ['active'],
  by: hub,
  schema: z.strictObject({ kind: codeOf(membershipKind) }),
  emits: ['MembershipKindChanged'],
  decide: (state, data, context) =>
    firstRefusal(isOurs(state, context), isTrainedFor(state, data.kind)) ??
    (state.kind === data.kind ? [] : [{ type: 'MembershipKindChanged', data }]),
})

const LapseMembership = command({
  summary: 'It was not renewed.',
  from: ['active'],
  by: system,
  schema: z.strictObject({}),
  emits: ['MembershipLapsed'],
  decide: () => [{ type: 'MembershipLapsed', data: {} }],
})

const EndMembership = command({
  summary: 'Left, moved out of the city, or the youngest child is past 6th grade.',
  from: ['active', 'lapsed'],
  by: hub,
  schema: z.strictObject({ reason: text(200) }),
  emits: ['MembershipEnded'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'MembershipEnded', data }],
})

/** 子サポ会員: dossier 3.3. As far as the guards of `MatchAgreed` need it; renewals by date belong to a later lifecycle. */
export const membership = lifecycleOf<Membership, MembershipEvent>()({
  name: 'membership',
  collection: 'memberships',
  titleJa: '子サポ会員',
  events: membershipEvents,
  initial: { status: 'none', trained: false },
  refusals: {
    'membership/no-orientation': 'Nobody becomes a member without an orientation.',
    'membership/training-not-completed': 'A provider has completed the training first.',
    'membership/another-branch': ['This membership belongs to another branch.', 404],
  },
  familyOf: ({ familyId }) => familyId,
  evolve: {
    KosapoOrientationAttended: (state, { familyId }, { actor }) => ({
      ...state,
      status: 'oriented',
      familyId,
      organizationId: actor.organizationId,
    }),
    // Trained before registered: whose record it is must be known from its first fact on.
    ProviderTrainingCompleted: (state, _, { actor }) => ({
      ...state,
      trained: true,
      organizationId: state.organizationId ?? actor.organizationId,
    }),
    MembershipRegistered: (state, { familyId, kind }, { actor }) => ({
      ...state,
      status: 'active',
      familyId: familyId ?? state.familyId,
      kind,
      organizationId: actor.organizationId,
    }),
    MembershipRenewed: (state) => ({ ...state, status: 'active' }),
    MembershipKindChanged: (state, { kind }) => ({ ...state, kind }),
    MembershipLapsed: (state) => ({ ...state, status: 'lapsed' }),
    MembershipEnded: (state) => ({ ...state, status: 'ended' }),
  },
  commands: {
    AttendOrientation,
    CompleteProviderTraining,
    RegisterMembership,
    RenewMembership,
    ChangeMembershipKind,
    LapseMembership,
    EndMembership,
  },
})

const wasOriented = (state: Membership, orientation: string | undefined) =>
  state.status === 'oriented' || orientation !== undefined
    ? undefined
    : refuse(
        'membership/no-orientation',
        'Record the orientation, or name its form in `orientation`.',
        '/orientation',
      )

const isTrainedFor = (state: Membership, kind: string) =>
  baseCode(kind) === 'user' || state.trained
    ? undefined
    : refuse('membership/training-not-completed', 'Record complete-provider-training first.', '/kind')

const isOurs = (state: Membership, { actor }: Context) =>
  state.organizationId === actor.organizationId
    ? undefined
    : refuse('membership/another-branch', 'No such member here.')
