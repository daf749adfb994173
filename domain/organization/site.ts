import { z } from 'zod'
import { WardCode } from '#domain/codes/ward-code.ts'
import { OrganizationId } from '#domain/ids.ts'
import { commandsOn, lifecycleOf, refuse } from '#domain/kernel/lifecycle.ts'
import { date, plainText } from '#domain/kernel/schema.ts'
import { type SiteEvent, siteEvents } from './events.ts'

type Site = { readonly status: 'none' } | { readonly status: 'open' | 'closed'; readonly from: string }

const command = commandsOn<Site, SiteEvent>()

const OpenSite = command({
  summary: 'A main site or satellite of a hub opens.',
  from: ['none'],
  by: ['admin', 'system'],
  schema: z.strictObject({
    organization: OrganizationId,
    kind: z.enum(['main', 'satellite']),
    name: plainText(),
    ward: WardCode,
    from: date(),
  }),
  emits: ['SiteOpened'],
  decide: (_, data) => [{ type: 'SiteOpened', data }],
})

const CloseSite = command({
  summary: 'A site closes for good.',
  from: ['open'],
  by: ['admin'],
  schema: z.strictObject({ until: date() }),
  emits: ['SiteClosed'],
  decide: (state, data) =>
    data.until < state.from
      ? refuse('site/closes-before-opening', 'Check the date.', '/until')
      : [{ type: 'SiteClosed', data }],
})

/** 本拠点・サテライト: the places of a hub (dossier 1.1). */
export const site = lifecycleOf<Site, SiteEvent>()({
  name: 'site',
  collection: 'sites',
  titleJa: '拠点の場所',
  readableIds: true,
  events: siteEvents,
  initial: { status: 'none' },
  refusals: { 'site/closes-before-opening': ['A site cannot close before it opened.', 400] },
  familyOf: () => undefined,
  evolve: {
    SiteOpened: (_, { from }) => ({ status: 'open', from }),
    SiteClosed: (state) => (state.status === 'none' ? state : { ...state, status: 'closed' }),
  },
  commands: { OpenSite, CloseSite },
})
