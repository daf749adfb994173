import { catalogue, type DomainEvent, type RecordedEvent } from '#domain/events.ts'
import { categoryOf, type EventSpec, idIn, type NextOwner } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'

export type Owner = { readonly organizationId: string; readonly staffId?: string; readonly desk?: string }

/** Something that somebody still owes a family: who, and by when. */
export type OpenItem = {
  readonly stream: string
  readonly id: string
  readonly kind: string
  readonly familyId?: string
  readonly state: string
  readonly owner: Owner
  /** By whom the one who owns it now got it, and when that was recorded. */
  readonly given: { readonly by: string; readonly at: string }
  readonly due?: string
  readonly openedOn: string
  readonly lastEventOn: string
  /** Who opened it, who receives it: between them ownership moves. */
  readonly opener: Owner
  readonly receiver?: Owner
  readonly urgency?: string
}

export const openItems = projection<OpenItem, DomainEvent>()({
  name: 'open-items',
  version: 3,
  columns: {
    family: { type: 'text', of: ({ familyId }) => familyId ?? null },
    owner: { type: 'text', of: ({ owner }) => owner.organizationId },
    ownerStaff: { type: 'text', of: ({ owner }) => owner.staffId ?? null },
    opener: { type: 'text', of: ({ opener }) => opener.organizationId },
    kind: { type: 'text', of: ({ kind }) => kind },
    due: { type: 'text', of: ({ due }) => due ?? null },
    openedOn: { type: 'text', of: ({ openedOn }) => openedOn },
    stream: { type: 'text', of: ({ stream }) => stream },
  },
  indexes: [['family'], ['ownerStaff'], ['owner', 'kind'], ['opener', 'kind'], ['owner', 'due']],
  apply(event, rows) {
    const spec: EventSpec = catalogue[event.type]
    if (!spec.terminal) return
    const before = rows.get(event.stream)
    const state = stateAfter(event, spec, before)
    if (state === undefined) return
    if (spec.terminal.includes(state)) rows.delete(event.stream)
    else rows.put(event.stream, itemAfter(event, spec, state, before))
  },
})

const stateAfter = (
  event: RecordedEvent,
  spec: EventSpec,
  before: OpenItem | undefined,
): string | undefined => {
  if (event.type === 'ConsultationUnlinked') return event.data.stillLinking ? 'linking' : 'open'
  return spec.state ?? before?.state
}

const itemAfter = (
  event: RecordedEvent,
  spec: EventSpec,
  state: string,
  before: OpenItem | undefined,
): OpenItem => {
  const { metadata, stream, data } = event
  const self: Owner = { organizationId: metadata.actor.organizationId, staffId: metadata.actor.staffId }
  const opener = before?.opener ?? self
  const receiver = receiverAfter(event) ?? before?.receiver
  const owner = ownerAfter(spec.owner, { self, opener, receiver, event, before: before?.owner })
  const due = dueAfter(spec.due?.(data), before)
  return {
    stream,
    id: idIn(stream),
    kind: categoryOf(stream),
    ...(metadata.familyId !== undefined && { familyId: metadata.familyId }),
    state,
    opener,
    ...(receiver && { receiver }),
    owner,
    given:
      before && isSame(before.owner, owner)
        ? before.given
        : { by: metadata.actor.staffId, at: event.recordedAt },
    ...(due !== undefined && { due }),
    ...('urgency' in data
      ? { urgency: data.urgency }
      : before?.urgency !== undefined && { urgency: before.urgency }),
    openedOn: before?.openedOn ?? metadata.occurredOn,
    lastEventOn: metadata.occurredOn,
  }
}

const isSame = (one: Owner, other: Owner): boolean =>
  one.organizationId === other.organizationId && one.staffId === other.staffId

const receiverAfter = (event: RecordedEvent): Owner | undefined => {
  if (event.type === 'ReferralSent' && event.data.toOrganization)
    return { organizationId: event.data.toOrganization, desk: event.data.destinationKind }
  if (event.type === 'ReferralRedirected')
    return { organizationId: event.metadata.actor.organizationId, desk: event.data.toDesk }
  return undefined
}

type Standing = {
  readonly self: Owner
  readonly opener: Owner
  readonly receiver: Owner | undefined
  readonly event: RecordedEvent
  readonly before: Owner | undefined
}

const ownerAfter = (
  next: NextOwner | undefined,
  { self, opener, receiver, event, before }: Standing,
): Owner => {
  switch (next) {
    case 'actor':
      return 'owner' in event.data && event.data.owner ? { ...self, staffId: event.data.owner } : self
    case 'sender':
      return opener
    // Without an account at the destination the sender keeps it in hand (R-REF-7).
    case 'receiver':
      return receiver ?? opener
    case 'assignee':
      return event.type === 'ReferralAccepted'
        ? { ...(receiver ?? opener), staffId: event.data.assignee }
        : self
    case undefined:
      return before ?? self
  }
}

const dueAfter = (said: string | null | undefined, before: OpenItem | undefined): string | undefined =>
  said === undefined ? before?.due : (said ?? undefined)
