import type { Circumstances, Resource } from '#domain/access/decide.ts'
import { consent } from '#domain/consent/consent.ts'
import { type Protection, protection } from '#domain/family/protection.ts'
import type { DataClass } from '#domain/kernel/classes.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import { baseCode } from '#domain/kernel/schema.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { given } from '#domain/kernel/values.ts'
import { referral } from '#domain/referral/referral.ts'
import { consents } from '#projections/consents.ts'
import { openItems } from '#projections/open-items.ts'
import { referrals } from '#projections/referrals.ts'
import type { System } from '#src/system.ts'
import { isAssigning, isAssigningInHiding } from './assigned.ts'
import { isGlassBroken } from './break-glass.ts'
import { approvedHolders } from './case-approval.ts'
import { isInConflict, type Principal } from './principal.ts'

/** A record as it belongs to a family. */
export type OfFamily = Resource & {
  /** What is part of a referral crosses on that referral's ground. */
  readonly referralId?: string
  /** Persons it is about; none: the family. A consent reaches only those it names (R-PRI-1, R-PRI-3). */
  readonly people?: readonly string[]
  /** No ground opens it to another organisation: why a consent was withdrawn is not told (R-PRI-5). */
  readonly ownOnly?: true
}

/** What is known of one asker and one family at one moment. */
export type Moment = {
  of(resource: OfFamily): Circumstances
  /** Referrals between the asker's organisation and another about this family. */
  readonly ends: ReadonlyMap<string, readonly string[]>
  readonly hidesWhereabouts: boolean
  /** Another one, and somebody may see more or less than before. */
  readonly signature: string
}

/** An agreement that is in force: whose records, of which classes, about whom. */
type Agreement = {
  readonly sender: string
  readonly dataClasses: readonly string[]
  readonly people: readonly string[]
}
/** Why a letter may be read, and about whom it is, where that is said. */
type Ground = {
  readonly basis: NonNullable<Circumstances['basis']>
  readonly people?: readonly string[]
  /** The letter remains; who the family is now is no longer the receiver's matter. */
  readonly isOver?: boolean
}

const consentFold = foldOf(consent)
const referralFold = foldOf(referral)

/**
 * Looks up what the rules ask for. Which consents and referrals there are is asked of the views; what they say, of the log:
 * a withdrawal or a protection acts with the next answer.
 */
export const circumstancesIn =
  (system: Pick<System, 'view' | 'views' | 'now'>) =>
  async (principal: Principal, familyId: string): Promise<Moment> => {
    const { view, views, now } = system
    const { organizationId } = principal
    const conflict = isInConflict(principal, familyId)
    const hiding: Protection = (await view(protection, familyId)).state
    const items = views.reader(openItems).list({ where: { family: familyId } })
    const assigned = items.some((item) =>
      hiding.isProtected ? isAssigningInHiding(item, principal, hiding.since) : isAssigning(item, principal),
    )
    const today = japanDate(now())

    const agreements = new Map<string, Agreement>()
    for (const { consentId, recipients: first } of views
      .reader(consents)
      .list({ where: { family: familyId } })) {
      // What is given to others opens nothing here.
      if (!first.includes(organizationId)) continue
      const { state } = await view(consentFold, consentId)
      if (state.status !== 'active' || today < state.from || today > state.scope.until) continue
      const { recipients, dataClasses, people } = state.scope
      if (recipients.includes(organizationId))
        agreements.set(consentId, { sender: state.sender, dataClasses, people })
    }
    const grounds = new Map<string, Ground>()
    const ends = new Map<string, readonly string[]>()
    for (const { referralId, from, to } of views.reader(referrals).list({ where: { family: familyId } })) {
      if (from !== organizationId && to !== organizationId) continue
      ends.set(referralId, to === undefined ? [from] : [from, to])
      // Nothing is sent without a ground (G1), and what the sender was answered stays with the sender (R-PRI-5).
      if (from === organizationId) grounds.set(referralId, { basis: 'consent' })
      else {
        const { state } = await view(referralFold, referralId)
        const ground = state.status === 'none' ? undefined : groundOf(state, agreements)
        if (ground) grounds.set(referralId, { ...ground, isOver: ENDED.has(state.status) })
      }
    }
    const received = [...grounds].flatMap(([id, ground]) =>
      ends.get(id)?.[1] === organizationId && !ground.isOver ? [ground] : [],
    )

    const basisOf = ({
      dataClass,
      holder,
      referralId,
      people,
      ownOnly,
    }: OfFamily): Circumstances['basis'] => {
      if (holder === organizationId || ownOnly) return undefined
      if (referralId !== undefined && grounds.has(referralId)) return grounds.get(referralId)?.basis
      if (agrees(agreements, holder, dataClass, people)) return 'consent'
      // Whoever is sent a family has to know who it is.
      return dataClass === 'registration'
        ? received.find((ground) => covers(ground.people, people))?.basis
        : undefined
    }
    const breakGlass = isGlassBroken(views, principal, familyId, now())
    const approved = await approvedHolders(system, principal, familyId)
    const still = { conflict, dvProtected: hiding.isProtected, assigned, breakGlass }
    return {
      of: (resource) => ({
        ...still,
        ...given({ basis: basisOf(resource) }),
        approval: approved.has(resource.holder),
      }),
      ends,
      hidesWhereabouts: hiding.isProtected && !assigned,
      signature: JSON.stringify([still, [...agreements], [...grounds], [...approved]]),
    }
  }

const ENDED: ReadonlySet<string> = new Set(['declined', 'closed', 'withdrawn'])

type Letter = {
  readonly basis?: string | undefined
  readonly legalBasis?: string | undefined
  readonly people?: readonly string[] | undefined
}

/** A letter may be read by its receiver under the consent with which it was sent, as long as that is in force. */
const groundOf = (
  { basis, legalBasis, people }: Letter,
  agreements: ReadonlyMap<string, Agreement>,
): Ground | undefined => {
  const agreement = basis === undefined ? undefined : agreements.get(basis)
  if (agreement) return { basis: 'consent', people: people ?? agreement.people }
  const isLegal = basis === undefined && legalBasis !== undefined && baseCode(legalBasis) !== 'consent'
  return isLegal ? { basis: 'legal', ...(people && { people }) } : undefined
}

const agrees = (
  agreements: ReadonlyMap<string, Agreement>,
  holder: string,
  dataClass: DataClass,
  about: readonly string[] | undefined,
): boolean =>
  [...agreements.values()].some(
    ({ sender, dataClasses, people }) =>
      sender === holder && dataClasses.some((code) => baseCode(code) === dataClass) && covers(people, about),
  )

/** Nobody named: about the family; nobody named there: about all of it. */
const covers = (people: readonly string[] | undefined, about: readonly string[] = []): boolean =>
  people === undefined || about.every((person) => people.includes(person))
