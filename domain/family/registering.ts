import { z } from 'zod'
import { familyType, householdFlag } from '#domain/codes/lists.ts'
import { MunicipalityCode } from '#domain/codes/ward-code.ts'
import { PersonId, SiteId } from '#domain/ids.ts'
import { type Context, commandsOn, firstRefusal } from '#domain/kernel/lifecycle.ts'
import { codeOf, date, plainText, sensitive, text } from '#domain/kernel/schema.ts'
import { given } from '#domain/kernel/values.ts'
import { caseworkers, system } from '#domain/roles.ts'
import { contactShape, type FamilyEvent, relations } from './events.ts'
import { belongs, eachPersonOnce, isBorn, isNew, staysHidden } from './guards.ts'
import type { Family } from './state.ts'

const command = commandsOn<Family, FamilyEvent>()

const Contact = z.strictObject(contactShape)
const Caregiver = z.strictObject({
  personId: PersonId.optional().describe('Chosen by the system when absent.'),
  name: text(100, { subject: 'person' }).optional(),
  kana: text(100, { subject: 'person' }).optional(),
  relation: z.enum(relations).default('unknown'),
  contact: Contact.optional(),
})
/** Without defaults: what is absent is not touched. */
const CaregiverChange = Caregiver.extend({ personId: PersonId, relation: z.enum(relations).optional() })
const Child = z.strictObject({
  personId: PersonId.optional().describe('Chosen by the system when absent.'),
  name: text(100, { subject: 'person' }).optional(),
  kana: text(100, { subject: 'person' }).optional(),
  birthDate: sensitive(date(), { subject: 'person' }),
})

export const RegisterFamily = command({
  summary: 'A family is registered and gets its user card, valid at the main site and its satellite.',
  from: ['none'],
  by: caseworkers,
  schema: z.strictObject({
    registeredAtSite: SiteId.optional().describe('The site of the one who records, unless said.'),
    card: text(40).optional().describe('Number of the user card.'),
    caregivers: z.array(Caregiver).max(20).default([]),
    children: z.array(Child).max(20).default([]),
    residenceWard: MunicipalityCode.optional(),
    familyType: codeOf(familyType).default('unknown'),
    householdFlags: z.array(codeOf(householdFlag)).max(20).default([]),
    preferredLanguage: plainText(40).optional(),
    learnedFrom: text(200).optional().describe('How they learned of the hub.'),
  }),
  emits: ['FamilyRegistered'],
  decide(_, { registeredAtSite, caregivers, children, ...rest }, context) {
    const site = registeredAtSite ?? (context.actor.siteId as SiteId | undefined)
    const people = [...caregivers, ...children].flatMap(({ personId }) => personId ?? [])
    return (
      firstRefusal(
        eachPersonOnce(people),
        ...children.map((child, i) => isBorn(child, context, `/children/${i}`)),
      ) ?? [
        {
          type: 'FamilyRegistered',
          data: {
            ...rest,
            ...(site && { registeredAtSite: site }),
            caregivers: caregivers.map((caregiver) => withId(caregiver, context)),
            children: children.map((child) => withId(child, context)),
          },
        },
      ]
    )
  },
})

export const AddCaregiver = command({
  summary: 'Another caregiver belongs to this family.',
  from: ['registered'],
  by: caseworkers,
  schema: Caregiver,
  emits: ['CaregiverAdded'],
  decide: (state, data, context) =>
    isNew(state, data.personId) ?? [{ type: 'CaregiverAdded', data: { caregiver: withId(data, context) } }],
})

export const AddChild = command({
  summary: 'A child belongs to this family.',
  from: ['registered'],
  by: [...caseworkers, ...system],
  schema: Child,
  emits: ['ChildAdded'],
  decide(state, data, context) {
    const known = data.personId && state.people[data.personId]
    if (known && known.as === 'child' && known.birthDate === data.birthDate) return []
    return (
      firstRefusal(isNew(state, data.personId), isBorn(data, context, '')) ?? [
        { type: 'ChildAdded', data: { child: withId(data, context) } },
      ]
    )
  },
})

export const UpdateFamilyProfile = command({
  summary: 'Registered facts have changed; only the fields given are touched.',
  from: ['registered'],
  by: caseworkers,
  schema: z.strictObject({
    asOf: date().optional(),
    card: text(40).optional(),
    residenceWard: MunicipalityCode.optional(),
    householdFlags: z.array(codeOf(householdFlag)).max(20).optional(),
    preferredLanguage: plainText(40).optional(),
    caregivers: z.array(CaregiverChange).max(20).optional(),
    children: z
      .array(Child.partial().required({ personId: true }))
      .max(20)
      .optional(),
  }),
  emits: ['FamilyProfileUpdated'],
  decide(state, { asOf, caregivers, children, ...changes }, context) {
    const refusal = firstRefusal(
      staysHidden(state, changes.householdFlags, context),
      ...(caregivers ?? []).map(({ personId }, i) =>
        belongs(state, personId, 'caregiver', `/caregivers/${i}/personId`),
      ),
      ...(children ?? []).map(({ personId }, i) =>
        belongs(state, personId, 'child', `/children/${i}/personId`),
      ),
      ...(children ?? []).map((child, i) => isBorn(child, context, `/children/${i}`)),
    )
    if (refusal) return refusal
    const updated = { ...given(changes), ...given({ caregivers, children }) }
    return Object.keys(updated).length === 0
      ? []
      : [{ type: 'FamilyProfileUpdated', data: { ...updated, asOf: asOf ?? context.occurredOn } }]
  },
})

const withId = <P extends { personId?: PersonId | undefined }>(person: P, { newId }: Context) => ({
  ...person,
  personId: person.personId ?? PersonId.parse(newId()),
})
