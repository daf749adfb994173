import type { DomainEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'

export type ReferralRow = {
  readonly referralId: string
  readonly familyId: string
  readonly state: string
  readonly direction: string
  readonly linkLevel: string
  readonly urgency: string
  readonly from: string
  readonly to?: string | undefined
  readonly destinationKind: string
  readonly desk?: string
  readonly assignee?: string
  readonly sentOn: string
  readonly ackDueOn?: string | undefined
  readonly firstContactDueOn?: string | undefined
  readonly outcomeDueOn?: string | undefined
  readonly outcome?: string
  readonly missed: readonly { readonly clock: string; readonly dueOn: string }[]
  readonly open: boolean
}

/** Referrals that were sent, for the organisations between them: `to` finds those in, `from` those out. Drafts are nobody else's. */
export const referrals = projection<ReferralRow, DomainEvent>()({
  name: 'referrals',
  version: 1,
  columns: {
    from: { type: 'text', of: ({ from }) => from },
    to: { type: 'text', of: ({ to }) => to ?? null },
    open: { type: 'integer', of: ({ open }) => (open ? 1 : 0) },
    sentOn: { type: 'text', of: ({ sentOn }) => sentOn },
    referralId: { type: 'text', of: ({ referralId }) => referralId },
    family: { type: 'text', of: ({ familyId }) => familyId },
  },
  indexes: [['to', 'open', 'sentOn'], ['from', 'open', 'sentOn'], ['family']],
  apply(event, rows) {
    const key = idIn(event.stream)
    const change = (next: (row: ReferralRow) => Partial<ReferralRow>) => {
      const row = rows.get(key)
      if (row) rows.put(key, { ...row, ...next(row) })
    }
    switch (event.type) {
      case 'ReferralSent': {
        const { data } = event
        rows.put(key, {
          referralId: key,
          familyId: data.familyId,
          state: 'sent',
          direction: data.direction,
          linkLevel: data.linkLevel,
          urgency: data.urgency,
          from: data.sentFrom,
          to: data.toOrganization,
          destinationKind: data.destinationKind,
          sentOn: event.metadata.occurredOn,
          ackDueOn: data.ackDueOn,
          firstContactDueOn: data.firstContactDueOn,
          missed: [],
          open: true,
        })
        break
      }
      case 'ReferralAcknowledged':
      case 'ReferralInfoSupplied':
        change(() => ({ state: 'acknowledged' }))
        break
      case 'ReferralInfoRequested':
        change(() => ({ state: 'infoRequested' }))
        break
      case 'ReferralAccepted':
        change(() => ({
          state: 'accepted',
          assignee: event.data.assignee,
          outcomeDueOn: event.data.outcomeDueOn,
        }))
        break
      case 'ReferralDeclined':
        change(() => ({ state: 'declined' }))
        break
      case 'ReferralRedirected':
        change(() => ({ state: 'sent', desk: event.data.toDesk, ackDueOn: event.data.ackDueOn }))
        break
      case 'ReferralServiceStarted':
        change(() => ({ state: 'inService' }))
        break
      case 'ReferralOutcomeReported':
        change(() => ({
          state: 'outcomeReported',
          outcome: event.data.outcome,
          outcomeDueOn: event.data.outcomeDueOn,
        }))
        break
      case 'ReferralClosed':
        change(() => ({ state: 'closed', open: false }))
        break
      case 'ReferralWithdrawn':
        change(() => ({ state: 'withdrawn', open: false }))
        break
      case 'ReferralOverdueDetected':
        change(({ missed }) => ({
          missed: [...missed, { clock: event.data.clock, dueOn: event.data.dueOn }],
        }))
        break
      default:
    }
  },
})
