/** Who may read it hangs on this (dossier 2.10 `dataClass`, 4.6). */
export type DataClass =
  | 'registration'
  | 'contact'
  | 'visit'
  | 'notice'
  | 'consultationSummary'
  | 'consultationRecord'
  | 'health'
  | 'kosapoMember'
  | 'kosapoMatch'
  | 'referralEnvelope'
  | 'referralContent'
  | 'plan'
  | 'transferSummary'
  | 'mch'
  | 'council'
  | 'consentRecord'
  | 'audit'
  /** Wards, hubs, sites, partners, staff: about the service, not about a family. */
  | 'directory'

/** The seed's seven functions (dossier 2), the ward's own work, and what the system notes by itself. */
export const supportFunctions = [
  'dropInSpace',
  'consultation',
  'information',
  'network',
  'peopleDevelopment',
  'kosapo',
  'userSupport',
  'ward',
  'system',
] as const

export type SupportFunction = (typeof supportFunctions)[number]
