import { type Context, refuse } from '#domain/kernel/lifecycle.ts'
import type { NoticeView } from './notice-view.ts'
import type { Begun } from './state.ts'

export const isOurs = (state: Begun, { actor }: Context) =>
  state.organizationId === actor.organizationId
    ? undefined
    : refuse('consultation/another-organization', 'No such consultation here.')

export const noticesFit = (
  notices: readonly NoticeView[],
  familyId: string | undefined,
  { actor }: Context,
) =>
  notices.every((notice) => notice.familyId === familyId && notice.organizationId === actor.organizationId)
    ? undefined
    : refuse('consultation/notice-elsewhere', 'Link notices of this family, made at this hub.', '/noticeRefs')

export const wasProposed = (options: readonly string[], option: string, i: number) =>
  options.includes(option)
    ? undefined
    : refuse('consultation/not-proposed', 'Name an option of the proposal.', `/choices/${i}/option`)
