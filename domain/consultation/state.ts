import type { Circumstance } from '#domain/kernel/lifecycle.ts'
import type { ConsultationEvent } from './events.ts'

type Links = Readonly<
  Record<string, { readonly toOrganization?: string | undefined; readonly destinationKind: string }>
>

export type Consultation =
  | { readonly status: 'none' }
  | {
      readonly status: 'open' | 'awaitingCaregiver' | 'linking' | 'closed'
      readonly familyId?: string | undefined
      readonly organizationId: string
      readonly owner: string
      readonly options: readonly string[]
      readonly openReferrals: Links
    }

type Steps = {
  [T in ConsultationEvent['type']]: (
    state: Consultation,
    data: Extract<ConsultationEvent, { type: T }>['data'],
    when: Circumstance,
  ) => Consultation
}

export const evolve: Steps = {
  ConsultationOpened: (_, { familyId, owner }, { actor }) => ({
    status: 'open',
    familyId,
    organizationId: actor.organizationId,
    owner: owner ?? actor.staffId,
    options: [],
    openReferrals: {},
  }),
  ConsultationSessionRecorded: (state) => state,
  ConsultationProposalMade: (state, { options }) => ({
    ...begun(state),
    status: 'awaitingCaregiver',
    options: options.map(({ option }) => option),
  }),
  CaregiverChoiceRecorded: (state) => ({ ...begun(state), status: 'open' }),
  ConsultationClosed: (state) => ({ ...begun(state), status: 'closed' }),
  ConsultationReopened: (state) => ({ ...begun(state), status: 'open' }),
  ConsultationLinked: (state, { referralId, toOrganization, destinationKind: kind }) => ({
    ...begun(state),
    status: 'linking',
    openReferrals: {
      ...begun(state).openReferrals,
      [referralId]: { toOrganization, destinationKind: kind },
    },
  }),
  ConsultationUnlinked: (state, { referralId, stillLinking }) => {
    const { [referralId]: _, ...openReferrals } = begun(state).openReferrals
    return { ...begun(state), status: stillLinking ? 'linking' : 'open', openReferrals }
  },
}

export type Begun = Exclude<Consultation, { status: 'none' }>

/** Every event but the first finds the consultation begun; `decide` sees to it. */
function begun(state: Consultation): Begun {
  if (state.status === 'none') throw new Error('a consultation begins with ConsultationOpened')
  return state
}
