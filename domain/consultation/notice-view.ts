import { fold } from '#domain/kernel/lifecycle.ts'
import type { NoticeEvent } from '#domain/notice/events.ts'

export type NoticeView = { readonly familyId?: string; readonly organizationId?: string }

/** Whose notice it is: a consultation may only point back to notices of its own family and hub. */
export const noticeView = fold<NoticeView, NoticeEvent>(
  'notice',
  {},
  { NoticeRecorded: (_, { familyId }, { actor }) => ({ familyId, organizationId: actor.organizationId }) },
)
