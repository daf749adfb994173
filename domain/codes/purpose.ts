import type { CodeList } from '#domain/kernel/schema.ts'

/** Why somebody looks (dossier 4.6: reading of classes marked † is logged with its purpose). */
export const purpose = {
  name: 'purpose',
  labels: {
    support: { ja: '支援', en: 'support' },
    consultation: { ja: '相談の準備・記録', en: 'consultation' },
    referral: { ja: 'つなぎ', en: 'referral' },
    handover: { ja: '引継ぎ', en: 'handover' },
    review: { ja: '見直し・会議', en: 'review' },
    personsRequest: { ja: '本人からの請求', en: 'request by the person' },
    audit: { ja: '監査', en: 'audit' },
    emergency: { ja: '緊急', en: 'emergency' },
  },
} as const satisfies CodeList
