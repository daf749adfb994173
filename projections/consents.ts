import type { DomainEvent } from '#domain/events.ts'
import { idIn } from '#domain/kernel/event.ts'
import { projection } from '#domain/kernel/projection.ts'

export type ConsentRow = {
  readonly consentId: string
  readonly familyId: string
  /** To whom it was given at first; it can only become narrower. */
  readonly recipients: readonly string[]
}

/** Which consents a family has given. What one of them says now is asked of its own stream, so that a withdrawal acts at once. */
export const consents = projection<ConsentRow, DomainEvent>()({
  name: 'consents',
  version: 2,
  columns: { family: { type: 'text', of: ({ familyId }) => familyId } },
  indexes: [['family']],
  apply({ type, stream, data }, rows) {
    if (type === 'ConsentGiven')
      rows.put(idIn(stream), {
        consentId: idIn(stream),
        familyId: data.familyId,
        recipients: data.recipients,
      })
  },
})
