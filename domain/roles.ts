import { hubRoles, wardRoles } from '#domain/kernel/metadata.ts'

/** Who may send a command; narrower rules follow the relation to the family. What each may see is another table (`domain/access`). */
export const hub = hubRoles
export const ward = wardRoles
export const hubAndWard = [...hubRoles, ...wardRoles] as const
/** Those who support families; a ward's section manager decides and escalates, and does neither record nor write letters (dossier 4.6: –). */
export const caseworkers = [
  ...hubRoles,
  'wardMchCoordinator',
  'wardDistrictNurse',
  'wardChildFamily',
] as const
export const system = ['system'] as const
