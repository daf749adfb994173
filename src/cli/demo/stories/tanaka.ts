import { careRequest } from '#domain/care-request/care-request.ts'
import { consent } from '#domain/consent/consent.ts'
import { consultation } from '#domain/consultation/consultation.ts'
import { family } from '#domain/family/family.ts'
import { membership } from '#domain/membership/membership.ts'
import { notice } from '#domain/notice/notice.ts'
import { referral } from '#domain/referral/referral.ts'
import { visit } from '#domain/visit/visit.ts'
import { type Colleague, done, idsOf, later, type Story } from '../story.ts'

const HUB = 'ORG-141097-H'
const WARD = 'ORG-141097-W'
const MAIN = 'SITE-141097-1'
const SATELLITE = 'SITE-141097-2'

const id = idsOf('a')

export const tanaka = {
  family: id(0, 1),
  mother: id(1, 1),
  father: id(1, 2),
  haruto: id(1, 3),
  notice: id(3, 7),
  consultation: id(4, 1),
  consent: id(5, 1),
  referral: id(6, 1),
  careRequest: id(7, 1),
  match: id(8, 1),
  membership: id(9, 1),
  provider: id(9, 0xf1),
  visits: { together: id(2, 4), fatherAlone: id(2, 6), mother: id(2, 9) },
} as const

const since = '2021-04-01 09:00'
const atHub = { organization: HUB, site: MAIN, since } as const
const atWard = { organization: WARD, since } as const

export const nakamura: Colleague = { staffId: 'nakamura', name: '中村', role: 'hubStaff', ...atHub }
export const fujii: Colleague = {
  staffId: 'fujii',
  name: '藤井',
  role: 'hubStaff',
  ...atHub,
  site: SATELLITE,
}
export const saito: Colleague = { staffId: 'saito', name: '斎藤', role: 'hubPartner', ...atHub }
export const hara: Colleague = { staffId: 'hara', name: '原', role: 'kosapoCoordinator', ...atHub }
export const kohokuDirector: Colleague = {
  staffId: 'kohoku-director',
  name: '施設長',
  role: 'hubDirector',
  ...atHub,
}
export const ogawa: Colleague = { staffId: 'ogawa', name: '小川', role: 'wardMchCoordinator', ...atWard }

/** The dossier, 7.1. All people are invented. */
export const storyA: Story = {
  letter: 'A',
  title: '田中家 — はじめての出産、眠れない母、サテライトで父の一言から(港北区)',
  familyId: tanaka.family,
  colleagues: [nakamura, fujii, saito, hara, kohokuDirector, ogawa],
  rows: [
    done({
      row: 'A0',
      at: '2021-04-20 10:00',
      by: hara,
      of: membership,
      command: 'CompleteProviderTraining',
      id: tanaka.provider,
      data: { completedOn: '2021-04-17' },
    }),
    done({
      row: 'A0',
      at: '2021-04-20 10:10',
      by: hara,
      of: membership,
      command: 'RegisterMembership',
      id: tanaka.provider,
      data: { kind: 'provider', name: '山口', branchWard: '141097', orientation: 'group' },
    }),
    later(
      'A1',
      '2021-05-18 10:00',
      'PregnancyNotified',
      '妊娠届を受理し母子健康手帳を交付。出産予定日 2021-12-05。',
    ),
    later(
      'A2',
      '2021-05-18 10:20',
      'PregnancyInterviewHeld',
      '全妊婦面談。里帰りなし、手伝いは夫のみ。出産・子育ての準備プラン(セルフプラン)を本人と作成。',
    ),
    done({
      row: 'A3',
      at: '2021-10-16 10:05',
      by: nakamura,
      of: family,
      command: 'RegisterFamily',
      id: tanaka.family,
      data: {
        registeredAtSite: MAIN,
        card: '1097-0421',
        caregivers: [
          { personId: tanaka.mother, name: '田中 美咲', kana: 'たなか みさき', relation: 'mother' },
          { personId: tanaka.father, name: '田中 健一', kana: 'たなか けんいち', relation: 'father' },
        ],
        residenceWard: '141097',
        familyType: 'B',
        learnedFrom: 'プレママ・プレパパ講座',
      },
    }),
    done({
      row: 'A4',
      at: '2021-10-16 10:10',
      by: nakamura,
      of: visit,
      command: 'RecordVisit',
      id: tanaka.visits.together,
      data: {
        familyId: tanaka.family,
        visitors: ['pregnantWoman', 'father'],
        children: 0,
        purposes: ['attendProgram'],
      },
    }),
    later(
      'A5',
      '2021-12-14 14:00',
      'BirthRecorded',
      '出生連絡票を受理。第1子 陽斗、2,980g(2021-12-07 出生)。',
    ),
    done({
      row: 'A6',
      at: '2022-02-05 10:40',
      by: fujii,
      of: visit,
      command: 'RecordVisit',
      id: tanaka.visits.fatherAlone,
      data: {
        familyId: tanaka.family,
        visitors: ['father'],
        children: 1,
        childAdded: { personId: tanaka.haruto, birthDate: '2021-12-07', name: '田中 陽斗' },
        purposes: ['playWithChild'],
        toldBy: tanaka.father,
      },
    }),
    done({
      row: 'A7',
      at: '2022-02-05 11:30',
      by: fujii,
      of: notice,
      command: 'RecordNotice',
      id: tanaka.notice,
      data: {
        familyId: tanaka.family,
        aboutPerson: tanaka.mother,
        noticeKind: ['caregiverFatigue', 'isolation'],
        facts: '父「妻がほとんど眠れていない。外に出たがらない」。',
        impression: '父自身は相談とは思っていない様子。',
        visitId: tanaka.visits.fatherAlone,
        toldBy: tanaka.father,
      },
    }),
    done({
      row: 'A8',
      at: '2022-02-09 16:15',
      by: kohokuDirector,
      of: notice,
      command: 'ShareNoticeInTeam',
      id: tanaka.notice,
      data: {
        decision: 'keepEyeOn',
        sharedWithSites: [MAIN, SATELLITE],
        note: '来館時にさりげなく声をかける方針。区へはまだ伝えない(同意なし・緊急性なし)。',
      },
    }),
    done({
      row: 'A9',
      at: '2022-02-17 10:30',
      by: nakamura,
      of: visit,
      command: 'RecordVisit',
      id: tanaka.visits.mother,
      data: { familyId: tanaka.family, visitors: ['mother'], children: 1, purposes: [] },
    }),
    done({
      row: 'A10',
      at: '2022-02-17 11:10',
      by: saito,
      of: consultation,
      command: 'OpenConsultation',
      id: tanaka.consultation,
      data: {
        familyId: tanaka.family,
        people: [tanaka.mother],
        trigger: 'conversationShift',
        service: 'userSupport',
        channel: 'inPersonHiroba',
        topics: ['caregiverMentalHealth', 'sleepRhythm'],
        visitId: tanaka.visits.mother,
        noticeRefs: [tanaka.notice],
      },
    }),
    done({
      row: 'A10',
      at: '2022-02-17 11:10',
      by: saito,
      of: consultation,
      command: 'RecordConsultationSession',
      id: tanaka.consultation,
      data: {
        channel: 'inPersonHiroba',
        topics: ['caregiverMentalHealth', 'sleepRhythm'],
        facts: '遊びながらの会話が相談に変わる。「夜になると涙が出る」。',
      },
    }),
    done({
      row: 'A11',
      at: '2022-02-17 11:50',
      by: saito,
      of: consent,
      command: 'GiveConsent',
      id: tanaka.consent,
      data: {
        familyId: tanaka.family,
        recipients: [WARD],
        dataClasses: ['contact', 'consultationSummary'],
        people: [tanaka.mother, tanaka.haruto],
        method: 'oral',
        givenBy: tanaka.mother,
        heardBy: '斎藤',
        words: '区の母子保健コーディネーターに様子を伝えてよい',
        until: '2022-08-31',
      },
    }),
    done({
      row: 'A12',
      at: '2022-02-17 13:30',
      by: saito,
      of: referral,
      command: 'SendReferral',
      id: tanaka.referral,
      data: {
        familyId: tanaka.family,
        people: [tanaka.mother, tanaka.haruto],
        consultationId: tanaka.consultation,
        direction: 'inlet',
        linkLevel: 'mediate',
        urgency: 'urgent',
        reasons: ['postpartumMental'],
        toOrganization: WARD,
        destinationKind: 'wardMchCoordinator',
        basis: tanaka.consent,
        dataClasses: ['contact', 'consultationSummary'],
        summary: '産後2か月・睡眠不足と気分の落ち込み。',
      },
    }),
    done({
      row: 'A13',
      at: '2022-02-18 09:10',
      by: ogawa,
      of: referral,
      command: 'AcknowledgeReferral',
      id: tanaka.referral,
      data: {},
    }),
    done({
      row: 'A14',
      at: '2022-02-18 11:00',
      by: ogawa,
      of: referral,
      command: 'AcceptReferral',
      id: tanaka.referral,
      data: { assignee: ogawa.staffId, plannedContactOn: '2022-02-21' },
    }),
    later(
      'A15',
      '2022-02-21 10:00',
      'HomeVisitMade',
      '家庭訪問。母の体調を確認し受診を勧める(小川・地区担当保健師 林)。',
      '訪問そのものの記録は後日。会えたことだけを、つなぎの「本人への接触」として区が記録し、初回接触の期限が止まる。',
    ),
    done({
      row: 'A15',
      at: '2022-02-21 10:00',
      by: ogawa,
      of: referral,
      command: 'MakeReferralContact',
      id: tanaka.referral,
      data: { result: 'reached' },
    }),
    done({
      row: 'A16',
      at: '2022-03-09 10:15',
      by: hara,
      of: careRequest,
      command: 'RequestCare',
      id: tanaka.careRequest,
      data: {
        familyId: tanaka.family,
        children: [tanaka.haruto],
        activityType: 'care',
        place: 'hiroba',
        wantedFrom: '2022-03-10T09:30',
        wantedTo: '2022-03-10T11:00',
        urgency: 'sameOrNextDay',
        reason: 'parentMedical',
        toldBy: tanaka.mother,
      },
    }),
    done({
      row: 'A17',
      at: '2022-03-09 13:30',
      by: hara,
      of: membership,
      command: 'RegisterMembership',
      id: tanaka.membership,
      data: {
        familyId: tanaka.family,
        person: tanaka.mother,
        kind: 'user',
        branchWard: '141097',
        orientation: 'individual',
      },
    }),
    done({
      row: 'A18',
      at: '2022-03-09 15:30',
      by: hara,
      of: careRequest,
      command: 'HoldPreMeeting',
      id: tanaka.careRequest,
      data: {
        provider: tanaka.provider,
        place: MAIN,
        participants: ['母', '子', '提供会員', '子サポコーディネーター'],
        sheet: '授乳・寝かせ方・緊急連絡先を確認。',
      },
    }),
    done({
      row: 'A19',
      at: '2022-03-09 16:00',
      by: hara,
      of: careRequest,
      command: 'AgreeMatch',
      id: tanaka.careRequest,
      data: { match: tanaka.match },
    }),
    later(
      'A20',
      '2022-03-10 11:05',
      'ActivityCarriedOut',
      'ひろばで預かり 9:30–11:00(1.5時間)。平日日中、当時の単価 800円/時。',
    ),
    done({
      row: 'A21',
      at: '2022-03-18 16:00',
      by: ogawa,
      of: referral,
      command: 'ReportReferralOutcome',
      id: tanaka.referral,
      data: { outcome: 'connected', final: true, note: '受診につながり、産後母子ケアも利用。訪問は続ける。' },
    }),
    later(
      'A22',
      '2022-04-07 13:00',
      'HealthCheckHeld',
      '4か月児健診。母子保健コーディネーターから地区担当保健師 林へ引継ぎ。',
    ),
    done({
      row: 'A23',
      at: '2022-04-12 11:00',
      by: saito,
      of: referral,
      command: 'CloseReferral',
      id: tanaka.referral,
      data: { resolution: 'completed', reason: '来館時に母から「眠れるようになった」と聞いた。' },
    }),
    later(
      'A24',
      '2023-10-14 11:10',
      'ActivityCarriedOut',
      '父の依頼。土曜 9:00–11:00(2時間)預かり。改定後の単価 600円/時、市から提供会員へ 500円/時。',
    ),
    done({
      row: 'A25',
      at: '2025-04-12 10:20',
      by: fujii,
      of: family,
      command: 'ChangeChildPlacement',
      id: tanaka.family,
      data: {
        person: tanaka.haruto,
        placement: 'kindergarten',
        since: '2025-04-08',
        occurredOn: '2025-04-08',
        toldBy: tanaka.mother,
      },
    }),
  ],
}
