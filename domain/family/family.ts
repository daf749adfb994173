import { lifecycleOf } from '#domain/kernel/lifecycle.ts'
import { AssessFamilyType, ChangeChildPlacement, MoveFamily, NoteFamilyMembership } from './changing.ts'
import { type FamilyEvent, familyEvents } from './events.ts'
import { AddCaregiver, AddChild, RegisterFamily, UpdateFamilyProfile } from './registering.ts'
import { evolve, type Family, initial } from './state.ts'

/** 家庭: the household being supported, not a legal person (dossier 1.2, 2.1). Its stream stays short: visits are their own. */
export const family = lifecycleOf<Family, FamilyEvent>()({
  name: 'family',
  collection: 'families',
  titleJa: '家庭',
  events: familyEvents,
  initial,
  refusals: {
    'family/person-twice': ['The same person is named twice.', 400],
    'family/person-known': 'This person already belongs to the family.',
    'family/no-such-person': ['No such caregiver or child belongs to the family.', 400],
    'family/erased': 'This family’s data was erased.',
    'family/protection-stays': [
      'Protection is lifted by the partner or director of the hub that registered the family, or by the ward’s child-family worker.',
      403,
    ],
    'family/born-later': ['The birth date is later than the day this happened.', 400],
  },
  familyOf: (_, id) => id,
  evolve,
  commands: {
    RegisterFamily,
    AddCaregiver,
    AddChild,
    UpdateFamilyProfile,
    AssessFamilyType,
    ChangeChildPlacement,
    MoveFamily,
    NoteFamilyMembership,
  },
})
