import type { DataClass } from './classes.ts'

/** Dossier 1.2 and API 5. `system`: the program itself, for detected facts and consequences. */
export const hubRoles = ['hubStaff', 'hubPartner', 'kosapoCoordinator', 'hubDirector'] as const
export const wardRoles = [
  'wardMchCoordinator',
  'wardDistrictNurse',
  'wardChildFamily',
  'wardManager',
] as const
export const otherRoles = ['cityBureau', 'auditor', 'integration', 'admin'] as const
export const roles = [...hubRoles, ...wardRoles, ...otherRoles, 'system'] as const
export type Role = (typeof roles)[number]

export type Actor = {
  readonly staffId: string
  readonly role: Role
  readonly organizationId: string
  readonly siteId?: string
}

export const systemActor: Actor = { staffId: 'system', role: 'system', organizationId: 'system' }

export type Precision = 'instant' | 'day' | 'month' | 'about'

/** When something happened in the world, as far as it is known. */
export type Occurrence = {
  /** ISO instant in UTC. With `precision` other than `instant`: the start of that day in Japan. */
  readonly occurredAt: string
  /** The date in Japan, YYYY-MM-DD. */
  readonly occurredOn: string
  readonly precision: Precision
}

/** Dossier 2.0: what every event carries besides its fact. No personal data except `toldBy`. */
export type Metadata = Occurrence & {
  readonly actor: Actor
  /** Hearsay: a person's id, or who it was in relation to the family. */
  readonly toldBy?: string
  readonly enteredBy?: string
  readonly dataClass: DataClass
  readonly legalBasis?: string
  readonly consentId?: string
  /** The family it is about; none for an anonymous visit. */
  readonly familyId?: string
  readonly correlationId: string
  readonly causationId: string
  readonly commandId: string
  /** Tells a repeated command from another one under the same key. */
  readonly commandHash: string
  readonly lateReason?: string
  readonly sourceSystem?: string
  readonly sourceRecordedAt?: string
}
