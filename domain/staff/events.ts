import { z } from 'zod'
import { OrganizationId, SiteId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { roles } from '#domain/kernel/metadata.ts'
import { text } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'directory', function: 'system' })

export const staffEvents = {
  StaffRegistered: fact(
    z.object({
      role: z.enum(roles),
      organization: OrganizationId,
      site: SiteId.optional(),
      displayName: text(100).optional(),
    }),
    { title: { ja: '職員の登録', en: 'Staff registered' }, state: 'active' },
  ),
}

export type StaffEvent = EventOf<typeof staffEvents>
