import type { DataClass } from '#domain/kernel/classes.ts'
import { type Condition, cellFor, type Effect, type Grant, type Kind, loggedClasses } from './grid.ts'

export type Action = 'read' | 'write'

/** Who asks, with the role in force at the moment that counts. */
export type Asker = {
  readonly kind: Kind
  readonly staffId: string
  readonly organizationId: string
}

/** One record, or one field of it, by what the rules look at. */
export type Resource = {
  readonly dataClass: DataClass
  /** The organisation whose record it is. */
  readonly holder: string
  /** Staff id of whoever recorded it. */
  readonly recordedBy?: string
  /** Other organisations it was addressed to: a referral's receiver, a consent's recipients. */
  readonly addressees?: readonly string[]
}

/** What is known of asker and family at one moment. Absent: no. */
export type Circumstances = {
  /** Owns something open for this family, or is named in its plan. */
  readonly assigned?: boolean
  /** An active consent, or a legal ground on record, that covers this class for the asker's organisation (4.2). */
  readonly basis?: 'consent' | 'legal'
  /** A declared conflict of interest with this family (R-ACC-3). */
  readonly conflict?: boolean
  /** The household is in hiding (R-ACC-2). */
  readonly dvProtected?: boolean
  /** Break-glass in force for this asker and family (R-ACC-4). */
  readonly breakGlass?: boolean
  /** The holder's approval for this auditor and case (R-ACC-5). */
  readonly approval?: boolean
  /** Both members have agreed to the match. */
  readonly matchAgreed?: boolean
  /** Of a caregiver or member who asks: it is about somebody else, such as the other parent (R-ACC-6). */
  readonly concernsOther?: boolean
}

export type Decision = {
  readonly effect: Effect
  /** Which rule said so: `R-ACC-3`, or the cell of the table `4.6/visit/hubStaff`. */
  readonly ruleId: string
  /** To be written into the access log before anything is released. */
  readonly logged: boolean
  /** Sites, hours, addresses and ways to reach anybody are to be left out (R-ACC-2). */
  readonly withhold?: 'whereabouts'
}

type Question = {
  readonly asker: Asker
  readonly action: Action
  readonly resource: Resource
  readonly circumstances: Circumstances
}

/** `undefined`: this rule has nothing to say, the next one is asked. */
type Rule = (question: Question) => { readonly effect: Effect; readonly ruleId: string } | undefined

const CASE_KINDS: ReadonlySet<Kind> = new Set<Kind>([
  'hubStaff',
  'hubPartner',
  'kosapoCoordinator',
  'hubDirector',
  'wardMchCoordinator',
  'wardDistrictNurse',
  'wardChildFamily',
  'wardManager',
])
const SELVES: ReadonlySet<Kind> = new Set<Kind>(['caregiver', 'providerMember'])
/** Where somebody is, or when they come and go. */
const WHEREABOUTS: ReadonlySet<DataClass> = new Set<DataClass>(['visit', 'contact'])
/** Nothing of these is opened by breaking a glass: one leaves no trace, the others are about no family's support. */
const BEHIND_NO_GLASS: ReadonlySet<DataClass> = new Set<DataClass>(['council', 'audit', 'directory'])

/** R-ACC-3: beats everything, break-glass included. */
const conflictOfInterest: Rule = ({ circumstances: { conflict } }) =>
  conflict ? { effect: 'deny', ruleId: 'R-ACC-3' } : undefined

/** R-ACC-6: each parent sees what concerns them and the child within custody; the other parent's talks never. */
const theOtherParent: Rule = ({ asker: { kind }, circumstances: { concernsOther } }) =>
  concernsOther && SELVES.has(kind) ? { effect: 'deny', ruleId: 'R-ACC-6' } : undefined

/** R-ACC-2: of a household in hiding, nobody but the assigned learns where it is or when it comes. */
const inHiding: Rule = ({ asker: { kind }, action, resource, circumstances }) =>
  action === 'read' &&
  circumstances.dvProtected &&
  !circumstances.assigned &&
  kind !== 'caregiver' &&
  WHEREABOUTS.has(resource.dataClass)
    ? { effect: 'deny', ruleId: 'R-ACC-2' }
    : undefined

const byTable: Rule = ({ asker, action, resource, circumstances }) => {
  const grant: Grant | undefined = cellFor(resource.dataClass, asker.kind)[action]
  const ruleId = `4.6/${resource.dataClass}/${asker.kind}`
  if (!grant || !isMet(grant.when, asker, resource, circumstances)) return undefined
  // R-ACC-5: with an approval for the case the auditor reads the text as well.
  const isUnmasked = grant.effect === 'masked' && circumstances.approval === true
  return isUnmasked ? { effect: 'allow', ruleId: 'R-ACC-5' } : { effect: grant.effect, ruleId }
}

/** R-ACC-4: read-only, one family, four hours; whoever asks sees to these three. */
const brokenGlass: Rule = ({ asker: { kind }, action, resource, circumstances: { breakGlass } }) =>
  breakGlass && action === 'read' && CASE_KINDS.has(kind) && !BEHIND_NO_GLASS.has(resource.dataClass)
    ? { effect: 'allow', ruleId: 'R-ACC-4' }
    : undefined

/** In this order: what forbids, what the table gives, what breaking the glass adds to that. */
const forbidding: readonly Rule[] = [conflictOfInterest, theOtherParent, inHiding]

/**
 * Who may see or write what (dossier 4.6, R-ACC-1 to 6). Pure: the same question has the same answer. Forbidding wins, and
 * what nobody has allowed is denied.
 */
export const decide = (
  asker: Asker,
  action: Action,
  resource: Resource,
  circumstances: Circumstances,
): Decision => {
  const question = { asker, action, resource, circumstances }
  for (const rule of forbidding) {
    const forbidden = rule(question)
    if (forbidden) return { ...forbidden, logged: false }
  }
  const given = byTable(question)
  const found = given?.effect === 'allow' ? given : (brokenGlass(question) ?? given)
  if (!found) return { effect: 'deny', ruleId: 'default', logged: false }
  const isHiding = circumstances.dvProtected && !circumstances.assigned && asker.kind !== 'caregiver'
  return {
    ...found,
    logged: action === 'read' && isLogged(asker, resource, found),
    ...(isHiding && { withhold: 'whereabouts' as const }),
  }
}

/** Content of the classes marked † in 4.6, and whatever a broken glass shows. One's own file is read without being watched. */
const isLogged = (
  { kind }: Asker,
  { dataClass }: Resource,
  found: { effect: Effect; ruleId: string },
): boolean =>
  found.ruleId === 'R-ACC-4' ||
  (loggedClasses.has(dataClass) && CONTENT.has(found.effect) && !SELVES.has(kind)) ||
  (found.ruleId === 'R-ACC-5' && CONTENT.has(found.effect))
const CONTENT: ReadonlySet<Effect> = new Set<Effect>(['allow', 'summary', 'safetyNotes', 'masked'])

const isMet = (
  when: Condition,
  { staffId, organizationId }: Asker,
  { holder, recordedBy, addressees }: Resource,
  { assigned = false, basis, approval = false, matchAgreed = false, concernsOther = false }: Circumstances,
): boolean => {
  const isOwn = holder === organizationId
  const isAddressed = addressees?.includes(organizationId) === true
  const isConcerned = isAddressed || assigned
  switch (when) {
    case 'always':
      return true
    case 'own':
      return isOwn
    case 'ownOrBasis':
      return isOwn || basis !== undefined
    case 'ownOrAddressed':
      return isOwn || isAddressed
    case 'ownOrBasisAndAddressed':
      return isOwn || (basis !== undefined && isConcerned)
    case 'addresseeWithBasis':
      return isConcerned && (isOwn || basis !== undefined)
    case 'recordedBy':
      return isOwn && recordedBy === staffId
    case 'assigned':
      return assigned
    case 'matched':
      return matchAgreed
    case 'self':
      return !concernsOther
    case 'approved':
      return approval
  }
}
