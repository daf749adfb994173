import type { Actor } from '#domain/kernel/metadata.ts'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'

/** The people, places and ids that the tests speak of: story A of the dossier, 港北区. All invented. */
export const calendar = japaneseCalendar

export const hub = 'ORG-141097-H'
export const ward = 'ORG-141097-W'
export const clinic = 'ORG-KOHOKU-CLINIC'
export const otherHub = 'ORG-141101-H'
export const otherWard = 'ORG-141101-W'
export const mainSite = 'SITE-141097-1'
export const satellite = 'SITE-141097-2'
export const otherSite = 'SITE-141101-1'

const at = (organizationId: string, siteId?: string) => ({
  organizationId,
  ...(siteId !== undefined && { siteId }),
})

export const nakamura: Actor = { staffId: 'nakamura', role: 'hubStaff', ...at(hub, mainSite) }
export const partner: Actor = { staffId: 'saito', role: 'hubPartner', ...at(hub, mainSite) }
export const coordinator: Actor = { staffId: 'hara', role: 'kosapoCoordinator', ...at(hub, mainSite) }
export const director: Actor = { staffId: 'shisetsucho', role: 'hubDirector', ...at(hub, mainSite) }
export const mchCoordinator: Actor = { staffId: 'ogawa', role: 'wardMchCoordinator', ...at(ward) }
export const districtNurse: Actor = { staffId: 'hayashi', role: 'wardDistrictNurse', ...at(ward) }
export const wardManager: Actor = { staffId: 'kakaricho', role: 'wardManager', ...at(ward) }
export const elsewhere: Actor = { staffId: 'ishida', role: 'hubPartner', ...at(otherHub, otherSite) }
export const elsewhereInWard: Actor = { staffId: 'ando', role: 'wardMchCoordinator', ...at(otherWard) }
export const admin: Actor = { staffId: 'admin', role: 'admin', ...at('ORG-CITY') }
export { systemActor as system } from '#domain/kernel/metadata.ts'

const uuid = (kind: string, number: number) =>
  `0190a1b2-${kind}-7000-8000-${String(number).padStart(12, '0')}`

export const family = uuid('fa00', 1)
export const otherFamily = uuid('fa00', 2)
export const mother = uuid('be00', 1)
export const father = uuid('be00', 2)
export const child = uuid('be00', 3)
export const sibling = uuid('be00', 4)
export const grandmother = uuid('be00', 5)
export const visit = uuid('0001', 1)
export const notice = uuid('0002', 1)
export const otherNotice = uuid('0002', 2)
export const consultation = uuid('0003', 1)
export const consent = uuid('0004', 1)
export const referral = uuid('0005', 1)
export const earlierReferral = uuid('0005', 2)
export const laterReferral = uuid('0005', 3)
export const careRequest = uuid('0006', 1)
export const match = uuid('0007', 1)
export const userMembership = uuid('0008', 1)
export const provider = uuid('0008', 2)
export const otherProvider = uuid('0008', 3)
export const watchOver = uuid('0009', 1)
export const disclosureRequest = uuid('000a', 1)
export const correctionRequest = uuid('000b', 1)
export const suspensionRequest = uuid('000c', 1)
/** An event that somebody wants corrected. */
export const disputed = uuid('eeee', 1)

/** The ids that a decision asks for, in order. */
export const newId = (number: number) => uuid('aaaa', number)

const ids: Readonly<Record<string, string>> = {
  family,
  visit,
  notice,
  consultation,
  consent,
  referral,
  careRequest,
  membership: userMembership,
  disclosureRequest,
  correctionRequest,
  suspensionRequest,
  organization: clinic,
  site: satellite,
  staff: 'saito',
}

/** The one that a sentence is about, unless it says another. */
export const idOfLifecycle = (name: string): string => {
  const id = ids[name]
  if (id === undefined) throw new Error(`no example of a ${name} yet`)
  return id
}
