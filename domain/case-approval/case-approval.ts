import { z } from 'zod'
import { FamilyId } from '#domain/ids.ts'
import { commandsOn, fold, lifecycleOf, look, refuse } from '#domain/kernel/lifecycle.ts'
import type { Role } from '#domain/kernel/metadata.ts'
import { date, plainText, text } from '#domain/kernel/schema.ts'
import { addDays } from '#domain/kernel/time.ts'
import type { StaffEvent } from '#domain/staff/events.ts'
import { type CaseApprovalEvent, caseApprovalEvents } from './events.ts'

type CaseApproval =
  | { readonly status: 'none' }
  | {
      readonly status: 'active' | 'ended'
      readonly familyId: string
      readonly auditor: string
      /** Whose records it opens: those of the organisation that gave it. */
      readonly organizationId: string
      readonly from: string
      readonly until: string
    }

/** Longer than any one question takes; for more it is given again. */
const LONGEST_DAYS = 90
const managers = ['hubDirector', 'wardManager'] as const

/** The role that was given to somebody last. */
type Colleague = { readonly role: Role | undefined }
const colleague = fold<Colleague, StaffEvent>(
  'staff',
  { role: undefined },
  { StaffRegistered: (_, { role }) => ({ role }), StaffRoleGiven: (_, { role }) => ({ role }) },
)

const command = commandsOn<CaseApproval, CaseApprovalEvent>()

const GiveCaseApproval = command({
  summary:
    'One auditor may read, not only see masked, what this organisation has recorded about one family, until a day.',
  from: ['none'],
  by: managers,
  schema: z.strictObject({
    familyId: FamilyId,
    auditor: plainText(64).describe('Staff id.'),
    reason: text(500),
    until: date(),
  }),
  emits: ['CaseApprovalGiven'],
  looksAt: ({ auditor }) => ({ auditor: look(colleague, auditor) }),
  decide(_, data, { seen, occurredOn }) {
    if (seen.auditor.role !== 'auditor')
      return refuse('case-approval/no-auditor', 'Name an auditor by staff id.', '/auditor')
    const latest = addDays(occurredOn, LONGEST_DAYS)
    return data.until < occurredOn || data.until > latest
      ? refuse('case-approval/too-long', `From today, at most until ${latest}.`, '/until')
      : [{ type: 'CaseApprovalGiven', data }]
  },
})

const EndCaseApproval = command({
  summary: 'The question is answered: masked again, with the next reading.',
  from: ['active'],
  by: managers,
  schema: z.strictObject({}),
  emits: ['CaseApprovalEnded'],
  decide: () => [{ type: 'CaseApprovalEnded', data: {} }],
})

/** 監査のための閲覧承認: what opens one case to one auditor (R-ACC-5). */
export const caseApproval = lifecycleOf<CaseApproval, CaseApprovalEvent>()({
  name: 'caseApproval',
  collection: 'case-approvals',
  titleJa: '監査のための閲覧承認',
  events: caseApprovalEvents,
  initial: { status: 'none' },
  refusals: {
    'case-approval/no-auditor': ['An approval is given to an auditor.', 400],
    'case-approval/too-long': ['An approval lasts 90 days at most.', 400],
  },
  familyOf: (state) => (state.status === 'none' ? undefined : state.familyId),
  evolve: {
    CaseApprovalGiven: (_, { familyId, auditor, until }, { actor, occurredOn }) => ({
      status: 'active',
      familyId,
      auditor,
      organizationId: actor.organizationId,
      from: occurredOn,
      until,
    }),
    CaseApprovalEnded: (state) => (state.status === 'active' ? { ...state, status: 'ended' } : state),
  },
  commands: { GiveCaseApproval, EndCaseApproval },
})
