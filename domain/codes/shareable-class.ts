import type { CodeList } from '#domain/kernel/schema.ts'

/**
 * The data classes that a consent can open to another organisation. Not among them: `notice`, which is never sent as it
 * stands (dossier 2.1), `council`, which needs no consent and leaves no trace (4.4), and `audit`.
 */
export const shareableClass = {
  name: 'dataClass',
  labels: {
    registration: { ja: '登録基本' },
    contact: { ja: '連絡先' },
    visit: { ja: '来所' },
    consultationSummary: { ja: '相談要約' },
    consultationRecord: { ja: '相談の本文' },
    health: { ja: '健康・発達(要配慮)' },
    kosapoMember: { ja: '子サポ会員' },
    kosapoMatch: { ja: '子サポ依頼・活動' },
    referralEnvelope: { ja: 'つなぎの封筒' },
    referralContent: { ja: 'つなぎの中身' },
    plan: { ja: '支援プラン' },
    transferSummary: { ja: '引継ぎ要約' },
    mch: { ja: '母子保健の記録' },
    consentRecord: { ja: '同意記録' },
  },
} as const satisfies CodeList
