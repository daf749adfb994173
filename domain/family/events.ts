import { z } from 'zod'
import { childPlacement, familyType, householdFlag, membershipKind } from '#domain/codes/lists.ts'
import { MunicipalityCode } from '#domain/codes/ward-code.ts'
import { MembershipId, PersonId, SiteId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { codeOf, date, partOf, plainText, sensitive, text } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'registration', function: 'dropInSpace' })

const CONTACT = { subject: 'person', dataClass: 'contact' } as const

/** A way to reach somebody. Class `contact`; blocked everywhere for households under DV protection. */
export const contactShape = {
  phone: text(40, CONTACT).optional(),
  email: text(200, CONTACT).optional(),
  address: text(300, CONTACT).optional(),
}

export const relations = [
  'mother',
  'father',
  'pregnantWoman',
  'expectantPartner',
  'grandmother',
  'grandfather',
  'otherRelative',
  'fosterParent',
  'otherCaregiver',
  'unknown',
] as const

export const caregiverShape = {
  personId: PersonId,
  name: text(100, { subject: 'person' }).optional(),
  kana: text(100, { subject: 'person' }).optional(),
  relation: z.enum(relations),
  contact: z.object(contactShape).optional(),
}

export const childShape = {
  personId: PersonId,
  name: text(100, { subject: 'person' }).optional(),
  kana: text(100, { subject: 'person' }).optional(),
  birthDate: sensitive(date(), { subject: 'person' }),
}

const Caregiver = z.object(caregiverShape)
const Child = z.object(childShape)

export const familyEvents = {
  FamilyRegistered: fact(
    z.object({
      registeredAtSite: SiteId.optional(),
      card: text(40).optional(),
      caregivers: z.array(Caregiver),
      children: z.array(Child),
      residenceWard: MunicipalityCode.optional(),
      familyType: partOf('assessment')(codeOf(familyType)),
      householdFlags: z.array(codeOf(householdFlag)),
      preferredLanguage: plainText(40).optional(),
      learnedFrom: partOf('source')(text(200).optional()),
    }),
    { title: { ja: '利用登録', en: 'Family registered' }, state: 'registered' },
  ),
  CaregiverAdded: fact(z.object({ caregiver: Caregiver }), {
    title: { ja: '養育者を追加', en: 'Caregiver added' },
  }),
  ChildAdded: fact(z.object({ child: Child }), { title: { ja: '子どもを追加', en: 'Child added' } }),
  FamilyProfileUpdated: fact(
    z.object({
      asOf: date(),
      card: text(40).optional(),
      residenceWard: MunicipalityCode.optional(),
      householdFlags: z.array(codeOf(householdFlag)).optional(),
      preferredLanguage: plainText(40).optional(),
      caregivers: z.array(Caregiver.partial().required({ personId: true })).optional(),
      children: z.array(Child.partial().required({ personId: true })).optional(),
    }),
    { title: { ja: '登録内容の変更', en: 'Profile updated' } },
  ),
  FamilyTypeAssessed: fact(z.object({ familyType: partOf('assessment')(codeOf(familyType)), asOf: date() }), {
    title: { ja: '家庭類型の確認', en: 'Family type assessed' },
  }),
  ChildPlacementChanged: fact(
    z.object({ people: z.array(PersonId).min(1), placement: codeOf(childPlacement), since: date() }),
    { title: { ja: '子どもの所属の変更', en: 'Child placement changed' } },
  ),
  FamilyMoved: fact(
    z.object({ from: MunicipalityCode.optional(), to: MunicipalityCode.optional(), movedOn: date() }),
    { title: { ja: '転居', en: 'Family moved' } },
  ),
  /** Bookkeeping of the process `kosapo-members`: what the family's matches have to know of its memberships. */
  FamilyMembershipNoted: fact(
    z.object({ membershipId: MembershipId, kind: codeOf(membershipKind), active: z.boolean() }),
    { title: { ja: '会員の状態', en: 'Membership noted' }, bookkeeping: true, dataClass: 'kosapoMember' },
  ),
}

export type FamilyEvent = EventOf<typeof familyEvents>
