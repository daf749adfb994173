import type { CodeList } from '#domain/kernel/schema.ts'

/** City-wide base codes (dossier 2.10). Stable; labels may be re-worded, retired codes stay readable. */

/** 来所目的 */
export const visitPurpose = {
  name: 'visitPurpose',
  labels: {
    playWithChild: { ja: '子どもを遊ばせる' },
    lunchWithChild: { ja: '子どもと昼食をとる' },
    getInformation: { ja: '子育てに係る情報を得る' },
    makeFriends: { ja: '仲間を作る' },
    talkWithStaff: { ja: 'スタッフと話をする' },
    consult: { ja: '相談する' },
    attendProgram: { ja: '講座・プログラム参加' },
    specialistConsultation: { ja: '専門相談' },
    kosapoProcedure: { ja: '子サポの手続・説明会' },
    kosapoCareAtHiroba: { ja: '子サポのひろば預かり' },
    feedingOrDiaper: { ja: '授乳・おむつ替え' },
    volunteer: { ja: 'ボランティア・活動' },
    noParticularReason: { ja: '特に理由なし' },
    unknown: { ja: '不明・聞いていない' },
  },
} as const satisfies CodeList

/** 来所者区分 */
export const visitorKind = {
  name: 'visitorKind',
  labels: {
    mother: { ja: '母' },
    father: { ja: '父' },
    pregnantWoman: { ja: '妊婦' },
    expectantPartner: { ja: '妊婦のパートナー' },
    grandmother: { ja: '祖母' },
    grandfather: { ja: '祖父' },
    otherRelative: { ja: 'その他の親族' },
    fosterParent: { ja: '里親' },
    kosapoProvider: { ja: '子サポ提供会員' },
    otherCaregiver: { ja: 'その他の養育者' },
    supporter: { ja: '支援者・ボランティア' },
    student: { ja: '児童・生徒・学生' },
    child: { ja: '子ども' },
    unknown: { ja: '不明' },
  },
} as const satisfies CodeList

/** 子どもの年齢区分 */
export const childAgeBand = {
  name: 'childAgeBand',
  labels: {
    m0to5: { ja: '0歳(0–5か月)' },
    m6to11: { ja: '0歳(6–11か月)' },
    y1: { ja: '1歳' },
    y2: { ja: '2歳' },
    y3: { ja: '3歳' },
    y4: { ja: '4歳' },
    y5: { ja: '5歳' },
    y6preschool: { ja: '6歳(就学前)' },
    school: { ja: '就学児' },
  },
} as const satisfies CodeList

/** 家庭類型 */
export const familyType = {
  name: 'familyType',
  labels: {
    A: { ja: 'ひとり親家庭' },
    B: { ja: 'フルタイム×フルタイム' },
    C: { ja: 'フルタイム×パートタイム' },
    Cx: { ja: 'フルタイム×パートタイム(短時間)' },
    D: { ja: '専業主婦(夫)' },
    E: { ja: 'パートタイム×パートタイム' },
    Ex: { ja: 'パートタイム×パートタイム(短時間)' },
    F: { ja: '無業×無業' },
    unknown: { ja: '不明' },
  },
} as const satisfies CodeList

/** 子どもの所属 */
export const childPlacement = {
  name: 'childPlacement',
  labels: {
    home: { ja: '在宅' },
    nursery: { ja: '保育所' },
    certifiedCenter: { ja: '認定こども園' },
    kindergarten: { ja: '幼稚園' },
    smallScale: { ja: '小規模・家庭的保育' },
    unlicensed: { ja: '認可外' },
    developmentalSupport: { ja: '児童発達支援・療育' },
    school: { ja: '小学校' },
    unknown: { ja: '不明' },
  },
} as const satisfies CodeList

/** 配慮事項(複数可) */
export const householdFlag = {
  name: 'householdFlag',
  labels: {
    multipleBirth: { ja: '多胎' },
    lowBirthWeight: { ja: '低出生体重' },
    youngParent: { ja: '若年' },
    foreignRoots: { ja: '外国につながる' },
    disability: { ja: '障害・疾病(親または子)' },
    solo: { ja: 'ひとりで育児(ワンオペ・単身赴任)' },
    noSupporter: { ja: '支えなし' },
    economic: { ja: '経済的な困難' },
    dvProtection: { ja: 'DV等の支援措置(住所秘匿)' },
    satogaeri: { ja: '里帰り中' },
  },
} as const satisfies CodeList

/** 相談のきっかけ */
export const consultationTrigger = {
  name: 'consultationTrigger',
  labels: {
    alongsideVisit: { ja: '居場所利用のついで' },
    conversationShift: { ja: '会話が相談へ移った' },
    staffNotice: { ja: 'スタッフの気づき・声かけ' },
    caregiverReady: { ja: '本人が話したいと言った(見守りから)' },
    selfInitiated: { ja: '本人から(予約・電話・来所)' },
    kosapoIntake: { ja: '子サポの入会・依頼から' },
    informationTalk: { ja: '情報提供のやりとりから' },
    inboundReferral: { ja: '区・他機関からのつなぎ(出口)' },
    networkInformation: { ja: '地域の支援者から' },
    outreach: { ja: '出張・訪問先で' },
  },
} as const satisfies CodeList

/** 相談の形 */
export const consultationService = {
  name: 'consultationService',
  labels: {
    hirobaTalk: { ja: '居場所(ひろば)での相談' },
    individual: { ja: '個別相談' },
    userSupport: { ja: '利用者支援(専任スタッフが継続)' },
    specialist: { ja: '専門相談' },
    kosapo: { ja: '子サポの相談' },
  },
} as const satisfies CodeList

/** 相談の方法 */
export const channel = {
  name: 'channel',
  labels: {
    inPersonHiroba: { ja: 'ひろばで' },
    inPersonRoom: { ja: '面談室で' },
    phone: { ja: '電話' },
    video: { ja: 'オンライン' },
    messageForm: { ja: 'メール・フォーム' },
    sns: { ja: 'SNS・LINE' },
    homeVisit: { ja: '家庭訪問' },
    outreachPlace: { ja: '出張先(商業施設・公園・健診会場)' },
    letter: { ja: '手紙・連絡帳' },
  },
} as const satisfies CodeList

/** 相談内容(複数可) */
export const consultationTopic = {
  name: 'consultationTopic',
  labels: {
    sleepRhythm: { ja: '睡眠・生活リズム' },
    mealsBreastWeaning: { ja: '授乳・離乳食・食事' },
    toilet: { ja: '排泄' },
    allergy: { ja: 'アレルギー' },
    growth: { ja: '身体の発育' },
    developmentSpeech: { ja: 'ことば・運動・発達' },
    behaviorTemperament: { ja: '性格・行動・くせ' },
    illnessInjury: { ja: '病気・けが・予防接種' },
    housingNeighborhood: { ja: '住まい・近隣・地域' },
    economic: { ja: '家計・貧困' },
    maritalFamily: { ja: '夫婦・家族関係' },
    siblings: { ja: 'きょうだい' },
    disciplineParenting: { ja: 'しつけ・関わり方・遊び' },
    educationEntry: { ja: '就園・就学' },
    childcareSearch: { ja: '保育所等の入所・預け先' },
    kosapoCare: { ja: '預かり・送迎' },
    caregiverMentalHealth: { ja: '親自身の気持ち・体調' },
    pregnancyBirth: { ja: '妊娠・出産・産後' },
    supportAround: { ja: '周囲の支え・孤立' },
    workReturn: { ja: '就労・復職' },
    friends: { ja: '仲間づくり' },
    multiple: { ja: '多胎' },
    foreignRoots: { ja: '外国につながる家庭' },
    singleParent: { ja: 'ひとり親' },
    dv: { ja: 'DV・暴力' },
    abuseWorry: { ja: '虐待の心配(本人・第三者)' },
    localInfo: { ja: '地域・施設の情報' },
    other: { ja: 'その他' },
  },
} as const satisfies CodeList

/** 対応 */
export const responseKind = {
  name: 'responseKind',
  labels: {
    listened: { ja: '傾聴・受けとめ' },
    advised: { ja: '助言' },
    informed: { ja: '情報提供' },
    peerConnected: { ja: '同じ経験の利用者とつないだ' },
    groupArranged: { ja: '集まりの場を設けた' },
    specialistArranged: { ja: '専門相談を案内・予約' },
    kosapoLinked: { ja: '子サポへつないだ' },
    referred: { ja: '関係機関へつないだ' },
    jointSupport: { ja: '連携支援を始めた' },
    watchOver: { ja: '見守りにした' },
    accompanied: { ja: '同行した' },
    planMade: { ja: '支援プランを作った' },
  },
} as const satisfies CodeList

/** つなぎの深さ */
export const linkLevel = {
  name: 'linkLevel',
  labels: {
    informOnly: { ja: '情報提供のみ' },
    introduce: { ja: '紹介' },
    mediate: { ja: '仲介' },
    accompany: { ja: '同行' },
    jointSupport: { ja: '連携支援' },
  },
} as const satisfies CodeList

/** 入口・出口 */
export const referralDirection = {
  name: 'referralDirection',
  labels: {
    inlet: { ja: '入口' },
    outlet: { ja: '出口' },
    lateral: { ja: '横' },
  },
} as const satisfies CodeList

/** つなぎの理由(複数可) */
export const referralReason = {
  name: 'referralReason',
  labels: {
    pregnancySupport: { ja: '妊娠・出産の支援' },
    postpartumMental: { ja: '産後の心身の不調' },
    breastfeeding: { ja: '授乳' },
    isolation: { ja: '孤立・支え手なし' },
    childDevelopment: { ja: '発育・発達' },
    childHealth: { ja: '子どもの病気・障害' },
    parentingDifficulty: { ja: '育児の困難・疲れ' },
    familyRelations: { ja: '家族関係' },
    dv: { ja: 'DV' },
    economicHousing: { ja: '経済・住まい' },
    childcarePlace: { ja: '保育・預け先' },
    work: { ja: '就労' },
    language: { ja: '言語・文化' },
    useOfHub: { ja: '拠点の利用(居場所・仲間づくり)' },
    kosapo: { ja: '子サポの利用' },
    watchOver: { ja: '見守りの依頼' },
    other: { ja: 'その他' },
  },
} as const satisfies CodeList

/** 緊急度 */
export const urgency = {
  name: 'urgency',
  labels: {
    emergency: { ja: '至急(当日)' },
    urgent: { ja: '急ぎ' },
    normal: { ja: '通常' },
    whenReady: { ja: '本人の準備ができたら' },
  },
} as const satisfies CodeList

/** つなぎ先 */
export const destinationKind = {
  name: 'destinationKind',
  labels: {
    wardMchCoordinator: { ja: '母子保健コーディネーター(区)' },
    wardDistrictNurse: { ja: '地区担当保健師(区)' },
    wardChildFamily: { ja: 'こども家庭相談・虐待対応(区)' },
    wardChildcareConcierge: { ja: '保育・教育コンシェルジュ(区)' },
    wardLivingSupport: { ja: '生活支援課(生活困窮・生活保護)' },
    wardWomensSupport: { ja: '女性相談・DV' },
    wardDisability: { ja: '障害支援担当' },
    childGuidanceCenter: { ja: '児童相談所' },
    childFamilySupportCenter: { ja: '児童家庭支援センター' },
    developmentCenter: { ja: '地域療育センター' },
    medical: { ja: '医療機関(産科・小児科・精神科)' },
    postpartumCare: { ja: '産後母子ケア' },
    homeHelper: { ja: '産前産後ヘルパー' },
    tsudoiHiroba: { ja: '親と子のつどいの広場' },
    nurseryHiroba: { ja: '保育所・幼稚園等の子育てひろば・園庭開放' },
    temporaryCare: { ja: '一時預かり・病児保育' },
    nursery: { ja: '保育所' },
    kindergarten: { ja: '幼稚園・認定こども園' },
    otherHub: { ja: '他区の拠点・サテライト' },
    kosapoBranch: { ja: '子サポ区支部事務局' },
    communityWorker: { ja: '民生委員・児童委員・主任児童委員' },
    circle: { ja: 'サークル・当事者グループ' },
    volunteerCenter: { ja: '区社会福祉協議会' },
    internationalLounge: { ja: '国際交流ラウンジ' },
    legal: { ja: '法律・行政手続の相談' },
    hub: { ja: '地域子育て支援拠点' },
    other: { ja: 'その他' },
  },
} as const satisfies CodeList

/** 不受理の理由 */
export const declineReason = {
  name: 'declineReason',
  labels: {
    outOfScope: { ja: '対象外(年齢・時期・内容)' },
    otherEntrance: { ja: '別の窓口が入口' },
    ineligible: { ja: '要件を満たさない(住所・所得 等)' },
    capacity: { ja: '空きなし・対応困難' },
    insufficientInfo: { ja: '情報不足' },
    consentProblem: { ja: '同意が確認できない' },
    alreadySupported: { ja: 'すでに支援中' },
    other: { ja: 'その他' },
  },
} as const satisfies CodeList

/** つなぎの結果 */
export const referralOutcome = {
  name: 'referralOutcome',
  labels: {
    connected: { ja: 'つながった・利用開始' },
    inFollowUp: { ja: '継続して経過をみている' },
    resolvedWithoutService: { ja: '利用せず解決' },
    caregiverDeclined: { ja: '本人が希望しなかった' },
    noContact: { ja: '連絡がとれなかった' },
    waitingList: { ja: '待機中' },
    movedAway: { ja: '転出' },
    transferred: { ja: '別の機関へ' },
    outcomeWithheld: { ja: '結果は伝えない(本人の意向)' },
  },
} as const satisfies CodeList

/** 差戻し・完結の区分 */
export const resolution = {
  name: 'resolution',
  labels: {
    completed: { ja: '完結' },
    resent: { ja: '別の先へ出し直し' },
    handledByHub: { ja: '拠点で対応' },
    caregiverDeclined: { ja: '本人が取りやめ' },
    dropped: { ja: '取りやめ(理由必須)' },
  },
} as const satisfies CodeList

/** 会員の種類 */
export const membershipKind = {
  name: 'membershipKind',
  labels: {
    user: { ja: '利用会員' },
    provider: { ja: '提供会員' },
    both: { ja: '両方会員' },
  },
} as const satisfies CodeList

/** 援助活動の種類 */
export const activityType = {
  name: 'activityType',
  labels: {
    care: { ja: '預かり' },
    escort: { ja: '送迎' },
    careAndEscort: { ja: '送迎+前後の預かり' },
  },
} as const satisfies CodeList

/** 活動の内容(実績報告用) */
export const activityDetail = {
  name: 'activityDetail',
  labels: {
    nurseryEscort: { ja: '保育施設への送迎' },
    beforeAfterNursery: { ja: '保育施設の開始前・終了後の預かり' },
    schoolAfter: { ja: '学校の放課後の預かり' },
    clubEscort: { ja: '放課後児童クラブの送迎・前後の預かり' },
    lessonEscort: { ja: '習い事・塾への送迎' },
    parentMedical: { ja: '保護者の通院・病気' },
    ceremony: { ja: '冠婚葬祭・学校行事' },
    shoppingRefresh: { ja: '買い物・外出・リフレッシュ' },
    work: { ja: '仕事・急な残業・求職' },
    siblingBirth: { ja: '出産(きょうだいの預かり)' },
    twinsSupport: { ja: '多胎の支援' },
    other: { ja: 'その他' },
  },
} as const satisfies CodeList

/** 預かりの場所 */
export const carePlace = {
  name: 'carePlace',
  labels: {
    providerHome: { ja: '提供会員宅' },
    userHome: { ja: '利用会員宅' },
    hiroba: { ja: 'ひろば(拠点・サテライト・つどいの広場)' },
    public: { ja: '地区センター等' },
    onTheWay: { ja: '送迎の道中' },
  },
} as const satisfies CodeList

/** 依頼の急ぎ */
export const careUrgency = {
  name: 'careUrgency',
  labels: {
    sameOrNextDay: { ja: '当日・翌日' },
    within7: { ja: '7日以内' },
    normal: { ja: '通常' },
    standing: { ja: '定期' },
  },
} as const satisfies CodeList

/** プランの種類 */
export const planKind = {
  name: 'planKind',
  labels: {
    selfPlan: { ja: 'セルフプラン(出産・子育ての準備プラン)' },
    hubSupportPlan: { ja: '利用者支援の支援計画' },
    centerSupportPlan: { ja: '支援プラン(子育て世代包括支援センター)' },
    statutorySupportPlan: { ja: 'サポートプラン(児福法10条1項4号)' },
    councilPlan: { ja: '要対協の援助方針' },
  },
} as const satisfies CodeList

/** 目標の状態 */
export const goalState = {
  name: 'goalState',
  labels: {
    notStarted: { ja: 'これから' },
    inProgress: { ja: '取組中' },
    achieved: { ja: '達成' },
    changed: { ja: '変更' },
    stopped: { ja: 'とりやめ' },
  },
} as const satisfies CodeList

/** 気づきの種類 */
export const noticeKind = {
  name: 'noticeKind',
  labels: {
    caregiverFatigue: { ja: '養育者の疲れ・体調' },
    expression: { ja: '表情・ことばの少なさ' },
    isolation: { ja: '孤立・輪に入らない' },
    childDevelopment: { ja: '子どもの発達' },
    childCondition: { ja: '子どもの様子・けが・清潔' },
    interaction: { ja: '親子の関わり' },
    familyRelation: { ja: '家族・夫婦の様子' },
    economic: { ja: '経済面' },
    absence: { ja: '来なくなった' },
    positive: { ja: 'うまくいっていること' },
    other: { ja: 'その他' },
  },
} as const satisfies CodeList

/** 提供の根拠 */
export const legalBasis = {
  name: 'legalBasis',
  labels: {
    consent: { ja: '本人の同意' },
    ownUse: { ja: '同じ機関の利用目的内' },
    contractor: { ja: '委託の範囲内' },
    abuseReport: { ja: '通告' },
    councilSharing: { ja: '要対協での共有' },
    legalRequest: { ja: '法令に基づく照会・求め' },
    vitalInterest: { ja: '生命・身体の保護で同意困難' },
    childWelfare: { ja: '児童の健全育成に特に必要で同意困難' },
    publicTask: { ja: '地方公共団体の法令事務への協力' },
    statistics: { ja: '統計(個人を識別しない)' },
  },
} as const satisfies CodeList

/** 同意の方法 */
export const consentMethod = {
  name: 'consentMethod',
  labels: {
    written: { ja: '書面' },
    electronic: { ja: '電子' },
    oral: { ja: '口頭(記録)' },
  },
} as const satisfies CodeList

/** 訂正・取消の理由 */
export const recordReason = {
  name: 'recordReason',
  labels: {
    typo: { ja: '入力誤り' },
    wrongFamily: { ja: '別の家庭への記録' },
    duplicate: { ja: '重複' },
    lateInformation: { ja: '後から分かった' },
    personRequest: { ja: '本人の申出' },
    legalCorrection: { ja: '訂正請求による' },
  },
} as const satisfies CodeList
