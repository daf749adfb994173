import type { DomainEvent } from '#domain/events.ts'
import { process } from '#domain/kernel/process.ts'

/** A child first met at a visit joins its family's card (story A, row A6). */
export const childrenMetAtVisits = process<DomainEvent>()({
  name: 'children-met-at-visits',
  on: {
    VisitRecorded: ({ data: { familyId, childAdded } }) =>
      familyId === undefined || childAdded === undefined
        ? []
        : [{ lifecycle: 'family', command: 'AddChild', id: familyId, data: childAdded }],
  },
})
