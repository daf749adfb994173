import { careRequest } from '#domain/care-request/care-request.ts'
import { consent } from '#domain/consent/consent.ts'
import { consultation } from '#domain/consultation/consultation.ts'
import { family } from '#domain/family/family.ts'
import { membership } from '#domain/membership/membership.ts'
import { notice } from '#domain/notice/notice.ts'
import { referral } from '#domain/referral/referral.ts'
import { visit } from '#domain/visit/visit.ts'
import { type Colleague, detected, done, idsOf, later, type Story } from '../story.ts'

const HUB = 'ORG-141101-H'
const WARD = 'ORG-141101-W'
const MAIN = 'SITE-141101-1'

const id = idsOf('c')

export const takahashi = {
  family: id(0, 1),
  mother: id(1, 1),
  father: id(1, 2),
  ren: id(1, 3),
  rin: id(1, 4),
  grandfather: id(1, 5),
  notice: id(3, 5),
  consultation: id(4, 1),
  consent: id(5, 1),
  referral: id(6, 1),
  careRequest: id(7, 1),
  match: id(8, 1),
  membership: id(9, 1),
  provider: id(9, 0xf3),
  watchOver: id(0xa, 1),
  visits: { fatherAndGrandfather: id(2, 3), mother: id(2, 4) },
} as const

const since = '2021-04-01 09:00'
const atHub = { organization: HUB, site: MAIN, since } as const

export const kikuchi: Colleague = { staffId: 'kikuchi', name: '菊地', role: 'hubStaff', ...atHub }
export const noguchi: Colleague = { staffId: 'noguchi', name: '野口', role: 'hubStaff', ...atHub }
export const ishida: Colleague = { staffId: 'ishida', name: '石田', role: 'hubPartner', ...atHub }
export const kawaguchi: Colleague = {
  staffId: 'kawaguchi',
  name: '川口',
  role: 'hubPartner',
  ...atHub,
  since: '2023-09-01 09:00',
}
export const seki: Colleague = { staffId: 'seki', name: '関', role: 'kosapoCoordinator', ...atHub }
export const otsuka: Colleague = { staffId: 'otsuka', name: '大塚', role: 'hubDirector', ...atHub }
export const ando: Colleague = {
  staffId: 'ando',
  name: '安藤',
  role: 'wardMchCoordinator',
  organization: WARD,
  since,
}
export const hirano: Colleague = {
  staffId: 'hirano',
  name: '平野',
  role: 'wardDistrictNurse',
  organization: WARD,
  since: '2023-04-01 08:45',
}

/** The dossier, 7.2. All people are invented. */
export const storyC: Story = {
  letter: 'C',
  title: '高橋家 — 双子、1年待って話し始めた母、年度替わりで止まったつなぎ(戸塚区)',
  familyId: takahashi.family,
  colleagues: [kikuchi, noguchi, ishida, kawaguchi, seki, otsuka, ando, hirano],
  rows: [
    later('C1', '2021-03-16 10:00', 'PregnancyNotified', '妊娠届(双胎)。母子健康手帳を2冊交付。'),
    later(
      'C2',
      '2021-10-12 11:00',
      'BirthRecorded',
      '出生連絡票(低体重児届出を兼ねる)。蓮 2,310g・凛 2,240g(2021-10-05 出生)。',
    ),
    done({
      row: 'C0',
      at: '2022-01-15 10:00',
      by: kikuchi,
      of: family,
      command: 'RegisterFamily',
      id: takahashi.family,
      data: {
        registeredAtSite: MAIN,
        card: '1101-0187',
        caregivers: [
          { personId: takahashi.mother, name: '高橋 真理', kana: 'たかはし まり', relation: 'mother' },
          { personId: takahashi.father, name: '高橋 翔', kana: 'たかはし しょう', relation: 'father' },
          {
            personId: takahashi.grandfather,
            name: '高橋 勇',
            kana: 'たかはし いさむ',
            relation: 'grandfather',
          },
        ],
        children: [
          { personId: takahashi.ren, name: '高橋 蓮', birthDate: '2021-10-05' },
          { personId: takahashi.rin, name: '高橋 凛', birthDate: '2021-10-05' },
        ],
        residenceWard: '141101',
        familyType: 'D',
        householdFlags: ['multipleBirth', 'solo'],
      },
    }),
    done({
      row: 'C3',
      at: '2022-01-15 10:05',
      by: kikuchi,
      of: visit,
      command: 'RecordVisit',
      id: takahashi.visits.fatherAndGrandfather,
      data: {
        familyId: takahashi.family,
        visitors: ['father', 'grandfather'],
        children: 2,
        purposes: ['playWithChild'],
      },
    }),
    done({
      row: 'C4',
      at: '2022-03-09 10:40',
      by: noguchi,
      of: visit,
      command: 'RecordVisit',
      id: takahashi.visits.mother,
      data: {
        familyId: takahashi.family,
        visitors: ['mother'],
        children: 2,
        purposes: ['noParticularReason'],
      },
    }),
    done({
      row: 'C5',
      at: '2022-03-09 12:00',
      by: noguchi,
      of: notice,
      command: 'RecordNotice',
      id: takahashi.notice,
      data: {
        familyId: takahashi.family,
        aboutPerson: takahashi.mother,
        noticeKind: ['isolation', 'expression'],
        facts: '母の表情が硬く、ほかの親子から離れて座る。声をかけると「大丈夫です」。',
        visitId: takahashi.visits.mother,
      },
    }),
    later('C6', '2022-03-10 16:00', 'WatchOverStarted', '見守り開始。通告に当たる心配はないと複数名で判断。'),
    later(
      'C7',
      '2022-06-15 11:20',
      'WatchOverWaitingDeclared',
      '話題を変えられる。本人の気持ちの整理がつくまで待つ、と決める。',
    ),
    later('C8', '2022-09-14 16:00', 'WatchOverReviewed', '見守り継続。月2〜3回の来館が続いている。'),
    later(
      'C9',
      '2023-03-22 10:50',
      'CaregiverReadinessExpressed',
      '母「少し、話を聞いてもらってもいいですか」。',
    ),
    done({
      row: 'C10',
      at: '2023-03-22 11:00',
      by: ishida,
      of: consultation,
      command: 'OpenConsultation',
      id: takahashi.consultation,
      data: {
        familyId: takahashi.family,
        people: [takahashi.mother],
        trigger: 'caregiverReady',
        service: 'userSupport',
        channel: 'inPersonRoom',
        topics: ['caregiverMentalHealth', 'maritalFamily', 'economic'],
        watchOver: takahashi.watchOver,
      },
    }),
    done({
      row: 'C10',
      at: '2023-03-22 11:00',
      by: ishida,
      of: consultation,
      command: 'RecordConsultationSession',
      id: takahashi.consultation,
      data: {
        channel: 'inPersonRoom',
        topics: ['caregiverMentalHealth', 'maritalFamily', 'economic'],
        facts: '個室で面談。双子の育児の疲れ、夫の不在、家計。',
      },
    }),
    done({
      row: 'C11',
      at: '2023-03-22 12:00',
      by: ishida,
      of: consent,
      command: 'GiveConsent',
      id: takahashi.consent,
      data: {
        familyId: takahashi.family,
        recipients: [WARD],
        dataClasses: ['contact', 'consultationSummary'],
        people: [takahashi.mother, takahashi.ren, takahashi.rin],
        method: 'written',
        givenBy: takahashi.mother,
        until: '2024-03-21',
      },
    }),
    done({
      row: 'C12',
      at: '2023-03-23 10:00',
      by: ishida,
      of: referral,
      command: 'SendReferral',
      id: takahashi.referral,
      data: {
        familyId: takahashi.family,
        people: [takahashi.mother, takahashi.ren, takahashi.rin],
        consultationId: takahashi.consultation,
        direction: 'inlet',
        linkLevel: 'mediate',
        urgency: 'urgent',
        reasons: ['parentingDifficulty', 'familyRelations', 'economicHousing'],
        toOrganization: WARD,
        destinationKind: 'wardMchCoordinator',
        basis: takahashi.consent,
        dataClasses: ['contact', 'consultationSummary'],
        summary: '双子の育児の疲れ、夫は単身赴任、家計の心配。',
      },
    }),
    done({
      row: 'C13',
      at: '2023-03-24 16:00',
      by: ando,
      of: referral,
      command: 'RedirectReferral',
      id: takahashi.referral,
      data: {
        toDesk: 'districtNurse',
        reason: '双子は1歳5か月。4か月児健診より後は地区担当保健師の受け持ちのため、課内で回付。',
      },
    }),
    detected('C14', '2023-03-28 00:05', 'ReferralOverdueDetected'),
    detected('C15', '2023-03-29 00:05', 'ReferralOverdueDetected'),
    done({
      row: 'C16',
      at: '2023-04-04 10:00',
      by: otsuka,
      of: referral,
      command: 'EscalateReferral',
      id: takahashi.referral,
      data: { to: 'wardManager', reason: 'overdue' },
    }),
    done({
      row: 'C17',
      at: '2023-04-05 11:00',
      by: hirano,
      of: referral,
      command: 'AcceptReferral',
      id: takahashi.referral,
      data: { assignee: hirano.staffId, plannedContactOn: '2023-04-07' },
    }),
    done({
      row: 'C0',
      at: '2023-04-07 14:00',
      by: hirano,
      of: referral,
      command: 'MakeReferralContact',
      id: takahashi.referral,
      data: { result: 'reached' },
    }),
    later(
      'C18',
      '2023-04-28 14:00',
      'PlanAgreed',
      '支援プランを母と作成、控えを渡す。目標: 週に1度、ひとりの時間を持つ/家計の相談先を知る。',
    ),
    done({
      row: 'C0',
      at: '2023-05-09 10:00',
      by: seki,
      of: membership,
      command: 'RegisterMembership',
      id: takahashi.membership,
      data: {
        familyId: takahashi.family,
        person: takahashi.mother,
        kind: 'user',
        branchWard: '141101',
        orientation: 'individual',
      },
    }),
    done({
      row: 'C0',
      at: '2023-05-09 11:00',
      by: seki,
      of: membership,
      command: 'CompleteProviderTraining',
      id: takahashi.provider,
      data: { completedOn: '2023-04-22' },
    }),
    done({
      row: 'C0',
      at: '2023-05-09 11:10',
      by: seki,
      of: membership,
      command: 'RegisterMembership',
      id: takahashi.provider,
      data: { kind: 'provider', name: '長谷川', branchWard: '141101', orientation: 'group' },
    }),
    done({
      row: 'C19',
      at: '2023-05-10 10:00',
      by: seki,
      of: careRequest,
      command: 'RequestCare',
      id: takahashi.careRequest,
      data: {
        familyId: takahashi.family,
        children: [takahashi.ren, takahashi.rin],
        activityType: 'care',
        place: 'hiroba',
        urgency: 'normal',
        reason: 'shoppingRefresh',
        planGoal: 'PLN-C1/1',
        toldBy: takahashi.mother,
      },
    }),
    done({
      row: 'C20',
      at: '2023-05-24 10:30',
      by: seki,
      of: careRequest,
      command: 'HoldPreMeeting',
      id: takahashi.careRequest,
      data: {
        provider: takahashi.provider,
        place: MAIN,
        participants: ['母', '双子', '提供会員', '子サポコーディネーター'],
      },
    }),
    done({
      row: 'C21',
      at: '2023-05-24 11:30',
      by: seki,
      of: careRequest,
      command: 'AgreeMatch',
      id: takahashi.careRequest,
      data: { match: takahashi.match },
    }),
    later(
      'C22',
      '2023-09-27 15:00',
      'HandoverPrepared',
      '担当する開いた支援をすべて書き出し、約束ごとと本人の希望を添える(石田、9月末退職)。',
    ),
    later(
      'C23',
      '2023-09-30 10:30',
      'HandoverAccepted',
      '引継ぎ完了。石田が同席して母に紹介(土曜)。川口へ。',
    ),
    later('C24', '2024-03-13 14:00', 'PlanReviewed', '見直し。「ひとりの時間」は達成。プランは続ける。'),
    done({
      row: 'C25',
      at: '2025-04-12 10:15',
      by: kawaguchi,
      of: family,
      command: 'ChangeChildPlacement',
      id: takahashi.family,
      data: {
        people: [takahashi.ren, takahashi.rin],
        placement: 'kindergarten',
        since: '2025-04-10',
        occurredOn: '2025-04-10',
      },
    }),
  ],
}
