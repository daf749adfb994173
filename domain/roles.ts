import { hubRoles, wardRoles } from '#domain/kernel/metadata.ts'

/** Who works on cases: hubs and wards. Narrower rules follow the data class and the relation to the family. */
export const hub = hubRoles
export const ward = wardRoles
export const hubAndWard = [...hubRoles, ...wardRoles] as const
export const system = ['system'] as const
