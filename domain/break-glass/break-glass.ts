import { z } from 'zod'
import { addBusinessDays } from '#domain/calendar/business-days.ts'
import { FamilyId } from '#domain/ids.ts'
import { commandsOn, fold, lifecycleOf, look, refuse } from '#domain/kernel/lifecycle.ts'
import type { Role } from '#domain/kernel/metadata.ts'
import { plainText, text } from '#domain/kernel/schema.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { hubAndWard } from '#domain/roles.ts'
import type { StaffEvent } from '#domain/staff/events.ts'
import { type BreakGlassEvent, breakGlassEvents, findings } from './events.ts'

/** R-ACC-4: read-only, one family, four hours, a second person told, reviewed by an auditor within five working days. */
const HOURS = 4
const REVIEW_BUSINESS_DAYS = 5

type BreakGlass =
  | { readonly status: 'none' }
  | {
      readonly status: 'used' | 'reviewed'
      readonly familyId: string
      readonly organizationId: string
      readonly until: string
    }

/** Somebody who can be told: who works on cases now, and for whom the family is not a closed one (R-ACC-3). */
type Colleague = { readonly role: Role | undefined; readonly conflicts: readonly string[] }
const colleague = fold<Colleague, StaffEvent>(
  'staff',
  { role: undefined, conflicts: [] },
  {
    StaffRegistered: (before, { role }) => ({ ...before, role }),
    StaffRoleGiven: (before, { role }) => ({ ...before, role }),
    StaffAccountClosed: (before) => ({ ...before, role: undefined }),
    StaffConflictDeclared: (before, { families }) => ({
      ...before,
      conflicts: [...before.conflicts, ...families],
    }),
    StaffConflictEnded: (before, { families }) => ({
      ...before,
      conflicts: before.conflicts.filter((known) => !families.some((family) => family === known)),
    }),
  },
)
const canBeTold = ({ role, conflicts }: Colleague, familyId: string): boolean =>
  hubAndWard.some((one) => one === role) && !conflicts.includes(familyId)

const command = commandsOn<BreakGlass, BreakGlassEvent>()

const UseBreakGlass = command({
  summary:
    'In an emergency: read what the rules would keep from you, of one family, for four hours. Somebody is told, an auditor will ask.',
  from: ['none'],
  by: hubAndWard,
  schema: z.strictObject({
    familyId: FamilyId,
    reason: text(1_000),
    secondPerson: plainText(64).describe('Staff id of a colleague who has been told.'),
  }),
  emits: ['BreakGlassUsed'],
  looksAt: ({ secondPerson }) => ({ second: look(colleague, secondPerson) }),
  decide(_, data, { now, actor, seen, calendar }) {
    if (data.secondPerson === actor.staffId)
      return refuse('break-glass/told-nobody', 'Tell somebody else.', '/secondPerson')
    if (!canBeTold(seen.second, data.familyId))
      return refuse('break-glass/told-nobody', 'Nobody of that id can be told.', '/secondPerson')
    const until = new Date(Date.parse(now) + HOURS * 3_600_000).toISOString()
    const reviewDueOn = addBusinessDays(japanDate(now), REVIEW_BUSINESS_DAYS, 'ward', calendar)
    return [{ type: 'BreakGlassUsed', data: { ...data, until, reviewDueOn } }]
  },
})

const ReviewBreakGlass = command({
  summary: 'An auditor has looked at why it was done.',
  from: ['used'],
  by: ['auditor'],
  schema: z.strictObject({ finding: z.enum(findings), note: text(1_000).optional() }),
  emits: ['BreakGlassReviewed'],
  decide: (_, data) => [{ type: 'BreakGlassReviewed', data }],
})

/** 緊急閲覧. It opens nothing of class `council` and nothing to whoever has declared a conflict, and it writes nothing. */
export const breakGlass = lifecycleOf<BreakGlass, BreakGlassEvent>()({
  name: 'breakGlass',
  collection: 'break-glass',
  titleJa: '緊急閲覧',
  events: breakGlassEvents,
  initial: { status: 'none' },
  refusals: { 'break-glass/told-nobody': ['A second person has to be told: a colleague, by staff id.', 400] },
  familyOf: (state) => (state.status === 'none' ? undefined : state.familyId),
  opensFamilies: true,
  evolve: {
    BreakGlassUsed: (_, { familyId, until }, { actor }) => ({
      status: 'used',
      familyId,
      organizationId: actor.organizationId,
      until,
    }),
    BreakGlassReviewed: (state) => (state.status === 'used' ? { ...state, status: 'reviewed' } : state),
  },
  commands: { UseBreakGlass, ReviewBreakGlass },
})
