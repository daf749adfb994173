import { labelOf } from '#domain/codes/label.ts'
import { visitorKind } from '#domain/codes/lists.ts'
import type { SupportFunction } from '#domain/kernel/classes.ts'
import type { Role } from '#domain/kernel/metadata.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import type { Paint } from '../terminal/paint.ts'

type Style = Parameters<Paint>[0]

/** How each function is told apart: by its sign and name, and by colour where there is one. */
export const functions: Readonly<Record<SupportFunction, { sign: string; name: string; style: Style }>> = {
  dropInSpace: { sign: '●', name: '居場所', style: 'green' },
  consultation: { sign: '◆', name: '相談', style: 'yellow' },
  information: { sign: '◇', name: '情報', style: 'white' },
  network: { sign: '◎', name: 'ネットワーク', style: 'white' },
  peopleDevelopment: { sign: '△', name: '人材育成', style: 'white' },
  kosapo: { sign: '▲', name: '子サポ', style: 'magenta' },
  userSupport: { sign: '★', name: '利用者支援', style: 'cyan' },
  ward: { sign: '■', name: '区', style: 'blue' },
  system: { sign: '○', name: 'システム', style: 'gray' },
}

export const roleNames: Readonly<Record<Role, string>> = {
  hubStaff: 'ひろばスタッフ',
  hubPartner: '横浜子育てパートナー',
  kosapoCoordinator: '子サポコーディネーター',
  hubDirector: '施設長',
  wardMchCoordinator: '母子保健コーディネーター',
  wardDistrictNurse: '地区担当保健師',
  wardChildFamily: 'こども家庭相談',
  wardManager: '担当係長',
  cityBureau: '市',
  auditor: '監査',
  integration: '連携システム',
  admin: '管理者',
  system: 'システム',
}

/** The clocks of a referral; `<clock>DueOn` in its facts (dossier 3.2). */
export const clockNames = {
  ack: '受領',
  decision: '判断',
  firstContact: '初回接触',
  outcome: '結果回答',
  resend: '出し直し',
} as const

const desks: Readonly<Record<string, string>> = {
  ...roleNames,
  districtNurse: '地区担当保健師',
  overdue: '期限の超過',
}

/** A desk or role in free text, where it is one of ours. */
export const deskName = (code: string): string => (Object.hasOwn(desks, code) ? (desks[code] ?? code) : code)

/** Relations are the visitor kinds seen from the family. */
export const relationName = (relation: string | undefined): string =>
  relation === undefined || relation === 'unknown' ? '' : labelOf(visitorKind, relation)

const titles = new Map(lifecycles.map(({ name, titleJa }) => [name, titleJa]))
export const kindName = (kind: string): string => titles.get(kind) ?? kind

const WEEKDAYS = '日月火水木金土'
export const weekdayName = (date: string): string => WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? ''
