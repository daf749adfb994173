import { catalogue, type DomainEvent, type RecordedEvent } from '#domain/events.ts'
import { categoryOf, type EventSpec, idIn, type NextOwner, streamName } from '#domain/kernel/event.ts'
import { projection, type ReadStore, type Rows } from '#domain/kernel/projection.ts'

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
  /** Of a family's own row, which is nobody's and so in no list: the streams that are open for it. */
  readonly streams?: readonly string[]
}

/** Ended with the family's data: nobody can end what is open for a family that was erased, and nobody owes it anything. */
export const openItems = projection<OpenItem, DomainEvent>()({
  name: 'open-items',
  version: 4,
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
    const { familyId } = event.metadata
    if (event.type === 'PersonalDataErased') return endAll(event, rows)
    if (!spec.terminal || (familyId !== undefined && rows.get(keyOf(familyId))?.state === ERASED)) return
    const before = rows.get(event.stream)
    const state = stateAfter(event, spec, before)
    if (state === undefined) return
    const isOpen = !spec.terminal.includes(state)
    if (isOpen) rows.put(event.stream, itemAfter(event, spec, state, before))
    else rows.delete(event.stream)
    if (familyId !== undefined && isOpen !== (before !== undefined)) noteStream(familyId, event, isOpen, rows)
  },
})

const ERASED = 'erased'
/** For other lists of what is open: what was recorded while the family was being erased stands in them, and is owed to nobody. */
export const isOwedToNobody = (views: ReadStore, familyId: string | undefined): boolean =>
  familyId !== undefined && views.reader(openItems).get(keyOf(familyId))?.state === ERASED

const NOBODY: Owner = { organizationId: '' }
const keyOf = (familyId: string): string => streamName('family', familyId)

const ofFamily = (familyId: string, state: string, streams: readonly string[]): OpenItem => ({
  stream: keyOf(familyId),
  id: familyId,
  kind: 'family',
  state,
  owner: NOBODY,
  given: { by: '', at: '' },
  opener: NOBODY,
  openedOn: '',
  lastEventOn: '',
  streams,
})

const noteStream = (
  familyId: string,
  { stream }: RecordedEvent,
  isOpen: boolean,
  rows: Rows<OpenItem>,
): void => {
  const others = (rows.get(keyOf(familyId))?.streams ?? []).filter((one) => one !== stream)
  if (isOpen) rows.put(keyOf(familyId), ofFamily(familyId, 'open', [...others, stream]))
  else if (others.length > 0) rows.put(keyOf(familyId), ofFamily(familyId, 'open', others))
  else rows.delete(keyOf(familyId))
}

const endAll = ({ stream }: RecordedEvent, rows: Rows<OpenItem>): void => {
  const familyId = idIn(stream)
  for (const open of rows.get(keyOf(familyId))?.streams ?? []) rows.delete(open)
  rows.put(keyOf(familyId), ofFamily(familyId, ERASED, []))
}

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
