import { type Fold, fold } from '#domain/kernel/lifecycle.ts'
import type { DisclosureEvent } from './events.ts'

/** What a later request has to know of a disclosure: whose it was, from whom, and when something was really shown. */
export type DisclosureView = {
  readonly familyId?: string
  readonly personId?: string
  readonly organizationId?: string
  /** The day on which a copy was given or the records were viewed; a letter alone shows nothing. */
  readonly shownOn?: string
}

export const disclosureView: Fold<DisclosureView> = fold<DisclosureView, DisclosureEvent>(
  'disclosureRequest',
  {},
  {
    DisclosureRequestReceived: (_, { familyId, personId }, { actor }) => ({
      familyId,
      personId,
      organizationId: actor.organizationId,
    }),
    DisclosureProvided: (view, { handedOver }, { occurredOn }) =>
      handedOver === 'decisionLetter' ? view : { ...view, shownOn: occurredOn },
  },
)

/** The disclosure this request follows: of the same person's data, by the same organisation, and already shown. */
export const shownTo = (
  view: DisclosureView,
  data: { readonly familyId: string; readonly personId: string },
  organizationId: string,
): string | undefined =>
  view.familyId === data.familyId && view.personId === data.personId && view.organizationId === organizationId
    ? view.shownOn
    : undefined
