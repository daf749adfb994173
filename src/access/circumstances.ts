import type { Circumstances, Resource } from '#domain/access/decide.ts'
import { consent } from '#domain/consent/consent.ts'
import { type Protection, protection } from '#domain/family/protection.ts'
import type { DataClass } from '#domain/kernel/classes.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import { baseCode } from '#domain/kernel/schema.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { referral } from '#domain/referral/referral.ts'
import { consents } from '#projections/consents.ts'
import { openItems } from '#projections/open-items.ts'
import { referrals } from '#projections/referrals.ts'
import type { System } from '#src/system.ts'
import { isGlassBroken } from './break-glass.ts'
import { isInConflict, type Principal } from './principal.ts'

/** A record as it belongs to a family: one that is part of a referral crosses on that referral's ground. */
export type OfFamily = Resource & { readonly referralId?: string }

/** What is known of one asker and one family at one moment. */
export type Moment = {
  of(resource: OfFamily): Circumstances
  /** Referrals between the asker's organisation and another about this family. */
  readonly ends: ReadonlyMap<string, readonly string[]>
  readonly hidesWhereabouts: boolean
  /** Another one, and somebody may see more or less than before. */
  readonly signature: string
}

/** An agreement that is in force: whose records, to whom, of which classes. */
type Agreement = { readonly sender: string; readonly dataClasses: readonly string[] }
type Ground = 'consent' | 'legal' | undefined

const consentFold = foldOf(consent)
const referralFold = foldOf(referral)

/**
 * Looks up what the rules ask for. Which consents and referrals there are is asked of the views; what they say, of the log:
 * a withdrawal or a protection acts with the next answer.
 */
export const circumstancesIn =
  ({ view, views, now }: Pick<System, 'view' | 'views' | 'now'>) =>
  async (principal: Principal, familyId: string): Promise<Moment> => {
    const { organizationId, staffId } = principal
    const conflict = isInConflict(principal, familyId)
    const { isProtected }: Protection = (await view(protection, familyId)).state
    const items = views.reader(openItems).list({ where: { family: familyId } })
    const assigned = items.some(({ owner }) => owner.staffId === staffId)
    const today = japanDate(now())

    const agreements = new Map<string, Agreement>()
    for (const { consentId, recipients: first } of views
      .reader(consents)
      .list({ where: { family: familyId } })) {
      // What is given to others opens nothing here.
      if (!first.includes(organizationId)) continue
      const { state } = await view(consentFold, consentId)
      if (state.status !== 'active' || today < state.from || today > state.scope.until) continue
      const { recipients, dataClasses } = state.scope
      if (recipients.includes(organizationId))
        agreements.set(consentId, { sender: state.sender, dataClasses })
    }
    const grounds = new Map<string, Ground>()
    const ends = new Map<string, readonly string[]>()
    for (const { referralId, from, to } of views.reader(referrals).list({ where: { family: familyId } })) {
      if (from !== organizationId && to !== organizationId) continue
      ends.set(referralId, to === undefined ? [from] : [from, to])
      // Nothing is sent without a ground (G1), and what the sender was answered stays with the sender (R-PRI-5).
      if (from === organizationId) grounds.set(referralId, 'consent')
      else {
        const { state } = await view(referralFold, referralId)
        if (state.status !== 'none') grounds.set(referralId, groundOf(state, agreements))
      }
    }
    const reached = [...ends].find(
      ([id, [, to]]) => to === organizationId && grounds.get(id) !== undefined,
    )?.[0]

    const basisOf = ({ dataClass, holder, referralId }: OfFamily): Ground => {
      if (holder === organizationId) return undefined
      if (referralId !== undefined && grounds.get(referralId)) return grounds.get(referralId)
      if (agrees(agreements, holder, dataClass)) return 'consent'
      // Whoever is sent a family has to know who it is.
      return dataClass === 'registration' && reached !== undefined ? grounds.get(reached) : undefined
    }
    const breakGlass = isGlassBroken(views, principal, familyId, now())
    const still = { conflict, dvProtected: isProtected, assigned, breakGlass }
    return {
      of(resource) {
        const basis = basisOf(resource)
        return basis === undefined ? still : { ...still, basis }
      },
      ends,
      hidesWhereabouts: isProtected && !assigned,
      signature: JSON.stringify([still, [...agreements], [...grounds]]),
    }
  }

type Grounds = { readonly basis?: string | undefined; readonly legalBasis?: string | undefined }

/** A letter may be read by its receiver under the consent with which it was sent, as long as that is in force. */
const groundOf = ({ basis, legalBasis }: Grounds, agreements: ReadonlyMap<string, Agreement>): Ground => {
  if (basis !== undefined) return agreements.has(basis) ? 'consent' : undefined
  return legalBasis !== undefined && baseCode(legalBasis) !== 'consent' ? 'legal' : undefined
}

const agrees = (agreements: ReadonlyMap<string, Agreement>, holder: string, dataClass: DataClass): boolean =>
  [...agreements.values()].some(
    ({ sender, dataClasses }) =>
      sender === holder && dataClasses.some((code) => baseCode(code) === dataClass),
  )
