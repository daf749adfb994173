import { z } from 'zod'
import { SiteId } from '#domain/ids.ts'
import { type Context, commandsOn, lifecycleOf, refuse } from '#domain/kernel/lifecycle.ts'
import { baseCode, text } from '#domain/kernel/schema.ts'
import { addDays } from '#domain/kernel/time.ts'
import { hub } from '#domain/roles.ts'
import { type NoticeEvent, noticeEvents, noticeShape, teamDecisions } from './events.ts'

type Notice =
  | { readonly status: 'none' }
  | { readonly status: 'recorded' | 'shared'; readonly familyId: string; readonly organizationId: string }

const command = commandsOn<Notice, NoticeEvent>()

/** A notice is shared at the team meeting within seven days (dossier 2.1). */
const DAYS_TO_SHARE = 7

const RecordNotice = command({
  summary: 'A staff member noticed a need that the caregiver may not feel, or something that goes well.',
  from: ['none'],
  by: hub,
  schema: z.strictObject(noticeShape).refine(abuseCheckAnswered, {
    path: ['abuseCheck'],
    message: 'must be answered for this kind of notice',
    params: { code: 'abuse_check_required' },
  }),
  emits: ['NoticeRecorded'],
  decide: (_, data, { occurredOn }) => [
    { type: 'NoticeRecorded', data: { ...data, shareBy: addDays(occurredOn, DAYS_TO_SHARE) } },
  ],
})

const ShareNoticeInTeam = command({
  summary: 'Main site and satellite talk it over and decide; doing nothing is the decision `keepEyeOn`.',
  from: ['recorded'],
  by: hub,
  schema: z.strictObject({
    decision: z.enum(teamDecisions),
    sharedWithSites: z.array(SiteId).max(10).default([]),
    note: text(1_000).optional(),
  }),
  emits: ['NoticeSharedInTeam'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'NoticeSharedInTeam', data }],
})

/** 気づき: belongs to the hub's staff, is never sent to the ward as it stands (dossier 1.3, 2.1). */
export const notice = lifecycleOf<Notice, NoticeEvent>()({
  name: 'notice',
  collection: 'notices',
  titleJa: '気づき',
  events: noticeEvents,
  initial: { status: 'none' },
  refusals: { 'notice/another-hub': ['Notices belong to the hub whose staff made them.', 404] },
  familyOf: (state) => (state.status === 'none' ? undefined : state.familyId),
  evolve: {
    NoticeRecorded: (_, { familyId }, { actor }) => ({
      status: 'recorded',
      familyId,
      organizationId: actor.organizationId,
    }),
    NoticeSharedInTeam: (state) => (state.status === 'none' ? state : { ...state, status: 'shared' }),
  },
  commands: { RecordNotice, ShareNoticeInTeam },
})

function abuseCheckAnswered(data: {
  noticeKind: readonly string[]
  serious?: boolean | undefined
  abuseCheck?: unknown
}) {
  const kinds = data.noticeKind.map(baseCode)
  const mustAsk = kinds.includes('childCondition') || (kinds.includes('interaction') && data.serious === true)
  return !mustAsk || data.abuseCheck !== undefined
}

const isOurs = (state: { organizationId: string }, { actor }: Context) =>
  state.organizationId === actor.organizationId
    ? undefined
    : refuse('notice/another-hub', 'No such notice here.')
