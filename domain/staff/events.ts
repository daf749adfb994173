import { z } from 'zod'
import { FamilyId, OrganizationId, SiteId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { roles } from '#domain/kernel/metadata.ts'
import { date, text } from '#domain/kernel/schema.ts'

/** Why somebody must not see a family's file: it is their own, or too near (R-ACC-3, R-GEN-5). */
export const leaving = ['left', 'transferred', 'leave', 'other'] as const
export const conflicts = ['own', 'relative', 'neighbour', 'other'] as const

const fact = factsOf({ dataClass: 'directory', function: 'system' })

export const staffEvents = {
  StaffRegistered: fact(
    z.object({
      role: z.enum(roles),
      organization: OrganizationId,
      site: SiteId.optional(),
      displayName: text(100, { subject: 'staff' }).optional(),
    }),
    { title: { ja: '職員の登録', en: 'Staff registered' }, state: 'active' },
  ),
  /** From that day on this role instead of the one before; to its last day, if it has one. */
  StaffRoleGiven: fact(
    z.object({
      role: z.enum(roles),
      organization: OrganizationId,
      site: SiteId.optional(),
      from: date(),
      until: date().optional(),
    }),
    { title: { ja: '職務の変更', en: 'Role given' }, state: 'active' },
  ),
  StaffAccountClosed: fact(z.object({ reason: z.enum(leaving) }), {
    title: { ja: '職員アカウントの終了', en: 'Account closed' },
    state: 'closed',
  }),
  StaffConflictDeclared: fact(z.object({ families: z.array(FamilyId).min(1), conflict: z.enum(conflicts) }), {
    title: { ja: '利害関係の申告', en: 'Conflict declared' },
  }),
  StaffConflictEnded: fact(z.object({ families: z.array(FamilyId).min(1) }), {
    title: { ja: '利害関係の解消', en: 'Conflict ended' },
  }),
}

export type StaffEvent = EventOf<typeof staffEvents>
