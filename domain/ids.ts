import type { z } from 'zod'
import { idOf, readableIdOf } from '#domain/kernel/schema.ts'

/** The ids by which one thing refers to another. The timeline reads its links from them. */
export const FamilyId = idOf('family')
export type FamilyId = z.output<typeof FamilyId>
export const PersonId = idOf('person')
export type PersonId = z.output<typeof PersonId>
export const VisitId = idOf('visit')
export const NoticeId = idOf('notice')
export const ConsultationId = idOf('consultation')
export type ConsultationId = z.output<typeof ConsultationId>
export const ConsentId = idOf('consent')
export const ReferralId = idOf('referral')
export type ReferralId = z.output<typeof ReferralId>
export const CareRequestId = idOf('careRequest')
export const MatchId = idOf('match')
export const MembershipId = idOf('membership')
export type MembershipId = z.output<typeof MembershipId>
export const WatchOverId = idOf('watchOver')
export const OrganizationId = readableIdOf('organization')
export type OrganizationId = z.output<typeof OrganizationId>
export const SiteId = readableIdOf('site')
export type SiteId = z.output<typeof SiteId>
