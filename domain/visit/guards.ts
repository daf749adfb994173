import { type Context, refuse } from '#domain/kernel/lifecycle.ts'
import { leavesAfterArriving, sum } from './party.ts'
import type { SiteStanding } from './site-standing.ts'

export const saysOneDate = (on: string | undefined, { occurredOn }: Context) =>
  on !== undefined && on !== occurredOn
    ? refuse('visit/two-dates', 'Give `date` or the time of occurrence.', '/date')
    : undefined

export const siteIsKnown = (site: SiteStanding) =>
  site.status === 'unknown' ? refuse('visit/unknown-site', 'No such site is open.', '/site') : undefined

export const siteIsOurs = (site: SiteStanding, { actor }: Context) =>
  site.status !== 'unknown' && site.organizationId !== actor.organizationId
    ? refuse('visit/not-your-site', 'Record visits at the sites of your own hub.', '/site')
    : undefined

export const childIsBorn = (birthDate: string | undefined, { occurredOn }: Context) =>
  birthDate !== undefined && birthDate > occurredOn
    ? refuse(
        'visit/child-born-later',
        'Check the birth date and the date of the visit.',
        '/childAdded/birthDate',
      )
    : undefined

export const somebodyCame = (after: { visitors: readonly { number: number }[]; children: number }) =>
  sum(after.visitors) + after.children === 0
    ? refuse('visit/nobody-came', 'Annul the visit if nobody came.', '/visitors')
    : undefined

export const staysInOrder = (after: { arrivedAt?: string | undefined; leftAt?: string | undefined }) =>
  leavesAfterArriving(after)
    ? undefined
    : refuse('visit/leaves-before-arriving', 'Correct both times together.', '/leftAt')

export const recordedByUs = (state: { organizationId: string }, { actor }: Context) =>
  state.organizationId === actor.organizationId
    ? undefined
    : refuse('visit/recorded-by-another-hub', 'Ask the hub that recorded it.')
