import { z } from 'zod'
import { childPlacement, familyType, membershipKind } from '#domain/codes/lists.ts'
import { MunicipalityCode } from '#domain/codes/ward-code.ts'
import { MembershipId, PersonId } from '#domain/ids.ts'
import { commandsOn, firstRefusal } from '#domain/kernel/lifecycle.ts'
import { codeOf, date } from '#domain/kernel/schema.ts'
import { given } from '#domain/kernel/values.ts'
import { caseworkers, system } from '#domain/roles.ts'
import type { FamilyEvent } from './events.ts'
import { belongs } from './guards.ts'
import type { Family } from './state.ts'

const command = commandsOn<Family, FamilyEvent>()

export const AssessFamilyType = command({
  summary: 'The family type by the parents’ work, valid from a date.',
  from: ['registered'],
  by: caseworkers,
  schema: z.strictObject({ familyType: codeOf(familyType), asOf: date().optional() }),
  emits: ['FamilyTypeAssessed'],
  decide: (_, { familyType, asOf }, { occurredOn }) => [
    { type: 'FamilyTypeAssessed', data: { familyType, asOf: asOf ?? occurredOn } },
  ],
})

export const ChangeChildPlacement = command({
  summary: 'Where children spend their days from a date on: at home, nursery, kindergarten …',
  from: ['registered'],
  by: caseworkers,
  schema: z
    .strictObject({
      person: PersonId.optional(),
      people: z.array(PersonId).min(1).max(20).optional(),
      placement: codeOf(childPlacement),
      since: date().optional(),
    })
    .refine(({ person, people }) => (person === undefined) !== (people === undefined), {
      path: ['people'],
      message: 'name `person` or `people`',
    }),
  emits: ['ChildPlacementChanged'],
  decide(state, { person, people = [], placement, since }, { occurredOn }) {
    const all = person ? [person] : people
    return (
      firstRefusal(
        ...all.map((id, i) => belongs(state, id, 'child', person ? '/person' : `/people/${i}`)),
      ) ?? [{ type: 'ChildPlacementChanged', data: { people: all, placement, since: since ?? occurredOn } }]
    )
  },
})

export const MoveFamily = command({
  summary: 'The fact of a move. It changes the residence ward from its date and moves no case (dossier 3.6).',
  from: ['registered'],
  by: caseworkers,
  schema: z
    .strictObject({
      from: MunicipalityCode.optional(),
      to: MunicipalityCode.optional().describe('Absent: not known where to.'),
      movedOn: date().optional(),
    })
    .refine(({ from, to }) => !from || from !== to, { path: ['to'], message: 'the same as `from`' }),
  emits: ['FamilyMoved'],
  decide(state, { from = state.ward, to, movedOn }, { occurredOn }) {
    const data = { movedOn: movedOn ?? occurredOn, ...given({ from, to }) }
    return [{ type: 'FamilyMoved', data }]
  },
})

export const NoteFamilyMembership = command({
  summary: 'A membership of this family began, changed or ended.',
  from: ['none', 'registered'],
  by: system,
  schema: z.strictObject({ membershipId: MembershipId, kind: codeOf(membershipKind), active: z.boolean() }),
  emits: ['FamilyMembershipNoted'],
  decide(state, data) {
    const known = state.memberships[data.membershipId]
    const alreadySo = known?.active === data.active && known.kind === data.kind
    return alreadySo ? [] : [{ type: 'FamilyMembershipNoted', data }]
  },
})
