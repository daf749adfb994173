import { z } from 'zod'
import { AbuseCheck } from '#domain/codes/abuse-check.ts'
import { noticeKind } from '#domain/codes/lists.ts'
import { FamilyId, PersonId, SiteId, VisitId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, date, partOf, text } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'notice', function: 'dropInSpace', terminal: ['shared'] })

/** What the team decided. Doing nothing is a decision, too: `keepEyeOn` (dossier 3.1, notes). */
export const teamDecisions = ['keepEyeOn', 'approach', 'startWatchOver', 'consultWard', 'report'] as const

export const noticeShape = {
  familyId: FamilyId,
  aboutPerson: PersonId.optional(),
  noticeKind: partOf('assessment')(z.array(codeOf(noticeKind)).min(1).max(11)),
  facts: text().optional(),
  impression: partOf('impression')(text().optional()),
  approach: partOf('assessment')(text(500).optional()),
  serious: partOf('assessment')(z.boolean().optional()),
  abuseCheck: AbuseCheck.optional(),
  visitId: VisitId.optional(),
}

export const noticeEvents = {
  NoticeRecorded: fact(z.object({ ...noticeShape, shareBy: date() }), {
    title: { ja: '気づき', en: 'Notice' },
    state: 'recorded',
    owner: 'actor',
    due: ({ shareBy }) => shareBy,
  }),
  NoticeSharedInTeam: fact(
    z.object({
      decision: z.enum(teamDecisions),
      sharedWithSites: z.array(SiteId),
      note: partOf('assessment')(text(1_000).optional()),
    }),
    {
      title: { ja: '気づきを共有', en: 'Notice shared in the team' },
      state: 'shared',
      due: () => null,
      summary: ({ decision }, language) => (language === 'ja' ? decisionJa[decision] : decision),
    },
  ),
}

const decisionJa = {
  keepEyeOn: '見ていく',
  approach: '声をかける',
  startWatchOver: '見守りを始める',
  consultWard: '区に匿名で相談する',
  report: '通告する',
} as const

export type NoticeEvent = EventOf<typeof noticeEvents>
