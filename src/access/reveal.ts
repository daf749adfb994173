import type { DataClass } from '#domain/kernel/classes.ts'
import { idIn } from '#domain/kernel/event.ts'
import type { Entry } from '#projections/family-timeline/entry.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { referrals } from '#projections/referrals.ts'
import type { System } from '#src/system.ts'
import type { Principal } from './principal.ts'

/**
 * What another organisation recorded is not shown because a database is shared (dossier 0.2, point 8). Until the rules by
 * consent and assignment come, only what was addressed to an organisation crosses to it: referrals it sent or received,
 * consents in which it is named, and who belongs to the family.
 */
const crossing: Readonly<Partial<Record<DataClass, true>>> = {
  registration: true,
  referralEnvelope: true,
  consentRecord: true,
}

export type Reveal = (principal: Principal, entry: Entry) => boolean

export const revealIn = ({ views }: Pick<System, 'views'>): Reveal => {
  const isParty = (organization: string, { stream, kind }: Entry): boolean => {
    if (kind === 'referral') {
      const referral = views.reader(referrals).get(idIn(stream))
      return referral?.from === organization || referral?.to === organization
    }
    const opening = views.reader(familyTimeline).get(`${stream}@1`)
    const named = opening?.data.recipients
    // What the system notes of a consent is for the one who took it as much as for those it names.
    if (opening?.actor.organizationId === organization) return true
    return Array.isArray(named) && named.includes(organization)
  }

  return ({ role, organizationId }, entry) => {
    if (role === 'auditor' || entry.actor.organizationId === organizationId) return true
    if (entry.dataClass === 'registration') return true
    return crossing[entry.dataClass] === true && isParty(organizationId, entry)
  }
}
