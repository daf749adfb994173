import { z } from 'zod'
import { destinationKind } from '#domain/codes/lists.ts'
import { WardCode } from '#domain/codes/ward-code.ts'
import { OrganizationId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, date, plainText } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'directory', function: 'network' })

/** Valid on a date: from `from` up to and including `until`. */
export const validity = { from: date(), until: date().optional() }

export const organizationKinds = ['hub', 'ward', 'city', 'partner'] as const

export const partnerShape = {
  kind: codeOf(destinationKind),
  name: plainText(),
  area: z.array(WardCode).max(18).optional(),
  contact: plainText(500).optional(),
  offers: plainText(2_000).optional(),
  ...validity,
}

export const organizationEvents = {
  OrganizationRegistered: fact(
    z.object({ kind: z.enum(organizationKinds), name: plainText(), ward: WardCode.optional(), ...validity }),
    { title: { ja: '機関の登録', en: 'Organisation registered' }, state: 'registered' },
  ),
  PartnerRegistered: fact(z.object(partnerShape), {
    title: { ja: '連携先の登録', en: 'Partner registered' },
    state: 'registered',
  }),
  PartnerUpdated: fact(z.object(partnerShape), {
    title: { ja: '連携先の更新', en: 'Partner updated' },
    state: 'registered',
  }),
}

export const siteEvents = {
  SiteOpened: fact(
    z.object({
      organization: OrganizationId,
      kind: z.enum(['main', 'satellite']),
      name: plainText(),
      ward: WardCode,
      from: date(),
    }),
    { title: { ja: '拠点の開設', en: 'Site opened' }, state: 'open' },
  ),
  SiteClosed: fact(z.object({ until: date() }), {
    title: { ja: '拠点の閉鎖', en: 'Site closed' },
    state: 'closed',
  }),
}

export type OrganizationEvent = EventOf<typeof organizationEvents>
export type SiteEvent = EventOf<typeof siteEvents>
