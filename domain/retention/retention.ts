import { z } from 'zod'
import type { FamilyEvent } from '#domain/family/events.ts'
import { type Context, commandsOn, fold, lifecycleOf, look, refuse } from '#domain/kernel/lifecycle.ts'
import { date, plainText } from '#domain/kernel/schema.ts'
import { erasureReasons, holdReasons, type RetentionEvent, retentionEvents } from './events.ts'

type Kept = {
  readonly status: 'none' | 'kept' | 'proposed' | 'erased'
  readonly holds: readonly string[]
  /** Not proposed again before. */
  readonly postponedUntil?: string
}

/** Whose register the family is in: its end is that organisation's to decide. */
type Register = { readonly holder: string | undefined }
const register = fold<Register, FamilyEvent>(
  'family',
  { holder: undefined },
  { FamilyRegistered: (_, __, { actor }) => ({ holder: actor.organizationId }) },
)
const lookAtRegister = (_data: unknown, _state: unknown, _actor: unknown, id: string) => ({
  register: look(register, id),
})
/** Stopping an end harms nobody: where there is no register, whoever may write about the family may. */
const isOurs = ({ actor, seen }: Context<{ readonly register: Register }>) =>
  actor.role === 'auditor' ||
  seen.register.holder === undefined ||
  seen.register.holder === actor.organizationId
    ? undefined
    : refuse('retention/not-yours', 'Ask the organisation that registered this family.')
const isOursToEnd = (context: Context<{ readonly register: Register }>) =>
  context.seen.register.holder === undefined
    ? refuse('retention/no-register', 'Register the family first; its holder decides.')
    : isOurs(context)

const command = commandsOn<Kept, RetentionEvent>()
const deciders = ['hubDirector', 'wardManager'] as const
const hold = plainText(40).describe('A name of the hold, by which it is released again.')
const reference = plainText(80).optional().describe('A file number. No names.')

const PlaceLegalHold = command({
  summary:
    'Nothing of this family is erased until the hold is released: a court, an open request, an incident.',
  from: ['none', 'kept', 'proposed'],
  by: [...deciders, 'auditor'],
  schema: z.strictObject({ hold, reason: z.enum(holdReasons), reference }),
  emits: ['LegalHoldPlaced'],
  looksAt: lookAtRegister,
  decide: ({ holds }, data, context) =>
    isOurs(context) ?? (holds.includes(data.hold) ? [] : [{ type: 'LegalHoldPlaced', data }]),
})

const ReleaseLegalHold = command({
  summary: 'The reason is gone.',
  from: ['kept', 'proposed'],
  by: [...deciders, 'auditor'],
  schema: z.strictObject({ hold }),
  emits: ['LegalHoldReleased'],
  looksAt: lookAtRegister,
  decide: ({ holds }, data, context) =>
    isOurs(context) ?? (holds.includes(data.hold) ? [{ type: 'LegalHoldReleased', data }] : []),
})

const ProposeErasure = command({
  summary: 'Everything recorded about this family has been kept as long as the schedule says (dossier 4.8).',
  from: ['none', 'kept', 'proposed'],
  by: ['system'],
  schema: z.strictObject({ keepUntil: date(), decidedByClass: plainText(40) }),
  emits: ['ErasureProposed'],
  decide: ({ status, holds, postponedUntil }, data, { occurredOn }) =>
    status === 'proposed' ||
    holds.length > 0 ||
    occurredOn <= data.keepUntil ||
    (postponedUntil !== undefined && occurredOn <= postponedUntil)
      ? []
      : [{ type: 'ErasureProposed', data }],
})

const PostponeErasure = command({
  summary: 'Not yet: to be proposed again after that day.',
  from: ['proposed'],
  by: deciders,
  schema: z.strictObject({ until: date(), reason: z.enum(holdReasons) }),
  emits: ['ErasurePostponed'],
  looksAt: lookAtRegister,
  decide: (_, data, context) =>
    isOursToEnd(context) ??
    (data.until <= context.occurredOn
      ? refuse('retention/not-later', 'Name a day to come.', '/until')
      : [{ type: 'ErasurePostponed', data }]),
})

const ErasePersonalData = command({
  summary:
    'The decision of a person: nobody will read what was recorded about this family again. That things happened, and when, stays countable.',
  from: ['none', 'kept', 'proposed', 'erased'],
  by: deciders,
  nothingOpen: 'family',
  schema: z.strictObject({ why: z.enum(erasureReasons), reference }),
  emits: ['PersonalDataErased'],
  looksAt: lookAtRegister,
  decide({ status, holds }, data, context) {
    const refusal = isOursToEnd(context)
    if (refusal) return refusal
    if (status === 'erased') return []
    if (holds.length > 0) return refuse('retention/legal-hold', `On hold: ${holds.length}.`)
    if (data.why === 'retentionEnded' && status !== 'proposed')
      return refuse('retention/not-due', 'The schedule has not proposed it.', '/why')
    return [{ type: 'PersonalDataErased', data }]
  },
})

/** 保存と廃棄: how long a family's data is kept, who stops its end, and who decided it (dossier 4.8). One stream for each family. */
export const retention = lifecycleOf<Kept, RetentionEvent>()({
  name: 'retention',
  collection: 'retention',
  titleJa: '保存と廃棄',
  events: retentionEvents,
  initial: { status: 'none', holds: [] },
  refusals: {
    'retention/legal-hold': 'A legal hold stops erasure until it is released.',
    'retention/no-register': 'No organisation has registered this family, so nobody can decide its end.',
    'retention/not-yours': ['Another organisation registered this family; it decides.', 403],
    'retention/not-due': 'It is to be kept longer; only the schedule proposes its end.',
    'retention/not-later': ['The day has passed.', 400],
    'retention/open-items': 'Something is still open for this family; it has to be ended first.',
  },
  familyOf: (_, id) => id,
  evolve: {
    LegalHoldPlaced: (state, data) => ({ ...begun(state), holds: [...state.holds, data.hold] }),
    LegalHoldReleased: (state, data) => ({
      ...begun(state),
      holds: state.holds.filter((one) => one !== data.hold),
    }),
    ErasureProposed: (state) => ({ ...state, status: 'proposed' }),
    ErasurePostponed: (state, { until }) => ({ ...state, status: 'kept', postponedUntil: until }),
    PersonalDataErased: (state) => ({ ...state, status: 'erased' }),
  },
  commands: { PlaceLegalHold, ReleaseLegalHold, ProposeErasure, PostponeErasure, ErasePersonalData },
})

const begun = (state: Kept): Kept => (state.status === 'none' ? { ...state, status: 'kept' } : state)
