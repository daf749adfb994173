import { shareableClass } from '#domain/codes/shareable-class.ts'
import type { CodeList } from '#domain/kernel/schema.ts'

/** Who may ask: the person, the legal representative of a minor, somebody with a mandate (dossier 4.7). */
export const requesterKinds = ['self', 'legalRepresentative', 'mandatedRepresentative'] as const

/** 本人確認の方法 */
export const identityCheck = {
  name: 'identityCheck',
  labels: {
    photoDocument: { ja: '顔写真つきの公的書類' },
    twoDocuments: { ja: '公的書類2点' },
    certifiedCopy: { ja: '書類の写しと住民票(郵送)' },
    mandate: { ja: '委任状と代理人の書類' },
    familyRegister: { ja: '戸籍などの法定代理の書類' },
    other: { ja: 'その他' },
  },
} as const satisfies CodeList

/** What may be asked for and shown: never `council`, which the ward alone handles (R-PRI-16), nor the log of the requests. */
export const disclosableClass = {
  name: 'dataClass',
  labels: { ...shareableClass.labels, notice: { ja: '気づき' } },
} as const satisfies CodeList

/** 不開示の理由: why something is not shown. Numbers are of 個人情報保護法 78条1項 unless said. */
export const withholdingGround = {
  name: 'withholdingGround',
  labels: {
    lifeOrHealth: { ja: '本人の生命・健康などを害するおそれ(1号)' },
    otherPerson: { ja: '本人以外の個人に関する情報(2号)' },
    organization: { ja: '法人などに関する情報(3号)' },
    deliberation: { ja: '審議・検討に関する情報(6号)' },
    properWork: { ja: '事務の適正な遂行に支障(7号)' },
    existence: { ja: '存否を答えない(81条)' },
    notHeld: { ja: '保有していない' },
    notEntitled: { ja: '請求できる人ではない' },
    incomplete: { ja: '請求の形式の不備' },
  },
} as const satisfies CodeList

/** 訂正しない理由 */
export const correctionGround = {
  name: 'correctionGround',
  labels: {
    recordIsRight: { ja: '記録が事実と合っている' },
    cannotBeKnown: { ja: '調べても事実が確認できない' },
    outsideThePurpose: { ja: '利用目的に照らして訂正の必要がない' },
    notOurs: { ja: '訂正の権限がない' },
  },
} as const satisfies CodeList

/** 98条: in which way the law was broken, in the view of the one who asks. */
export const breaches = ['held', 'handled', 'obtained', 'used', 'provided'] as const
/** 98条: what is to stop. */
export const stops = ['stopUse', 'erase', 'stopProvision'] as const

/** 利用停止をしない理由 */
export const suspensionGround = {
  name: 'suspensionGround',
  labels: {
    noBreach: { ja: '法律に反していない' },
    workWouldSuffer: { ja: '事務の適正な遂行に著しい支障(100条ただし書)' },
    alreadyStopped: { ja: 'すでに停止・消去している' },
  },
} as const satisfies CodeList

/** How somebody was told of a correction; `notTold`: decided against for somebody's safety, with a note. */
export const tellings = ['letter', 'phone', 'inPerson', 'system', 'notTold'] as const
