import { z } from 'zod'

/** Asked at certain notices and topics; the answer is required there (dossier 4.4, R-PRI-12, R-CON-2). */
export const AbuseCheck = z.enum(['concern', 'noConcern', 'unsure'])
