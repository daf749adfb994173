import { labelOf } from '#domain/codes/label.ts'
import { childPlacement } from '#domain/codes/lists.ts'
import { wards } from '#domain/codes/wards.ts'
import { japanClock, japanDate } from '#domain/kernel/time.ts'
import { type Member, wardOn } from '#projections/families.ts'
import type { Entry } from '#projections/family-timeline/entry.ts'
import type { OpenItem } from '#projections/open-items.ts'
import { flow, pad, padStart, wrap } from '../terminal/layout.ts'
import type { Paint } from '../terminal/paint.ts'
import { type FamilyPage, missedClocks } from './read.ts'
import { dayOf as dueDay, dueInWords, shortDay, type Telling, tellEntry } from './tell-entry.ts'
import { functions, kindName, relationName, weekdayName } from './words.ts'

export type Canvas = { readonly width: number; readonly paint: Paint; readonly now: string }

const DAY = 9
const CLOCK = 5
const FUNCTION = 12
const TITLE = 18
const INDENT = 2 + DAY + CLOCK + 2
/** Below this width the text goes under the title. */
const WIDE = 100

/** A family's page for the terminal: who they are, what is open, and everything that happened, month by month. */
export const drawFamilyPage = (page: FamilyPage, canvas: Canvas): readonly string[] => [
  ...drawHead(page, canvas),
  ...drawEntries(page, canvas),
  '',
]

const drawHead = (page: FamilyPage, { width, paint, now }: Canvas): readonly string[] => {
  const { family, entries } = page
  const today = japanDate(now)
  const ward = wardOn(family, today)
  const name = wards[ward as keyof typeof wards]?.ja
  const where = [name, family.card && `カード ${family.card}`, `${entries.length}件の記録`]
    .filter(Boolean)
    .join(' · ')
  const rule = paint('dim', '━'.repeat(width))
  const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`)
  return [
    rule,
    `  ${paint('bold', `${familyName(page)}のつながり`)}   ${paint('dim', where)}`,
    ...indented(
      flow(
        family.members.map((member) => describeMember(member, today)),
        width - 4,
        3,
      ).map((line) => line.join('   ')),
    ),
    ...indented(page.open.map((item) => describeOpen(item, page, paint, today))),
    rule,
  ]
}

const familyName = ({ family }: FamilyPage): string => {
  const surname = family.members.find(({ name }) => name)?.name?.split(/\s+/u)[0]
  return surname ? `${surname}家` : 'この家庭'
}

const describeMember = ({ as, relation, name, birthDate, placement }: Member, today: string): string => {
  const who = as === 'child' ? '子' : relationName(relation)
  const facts = [
    birthDate &&
      `${birthDate.replaceAll('-', '/')} 生${birthDate <= today ? `・${ageOn(birthDate, today)}` : ''}`,
    placement && labelOf(childPlacement, placement.code),
  ].filter(Boolean)
  return `${[who, name].filter(Boolean).join(' ')}${facts.length > 0 ? `(${facts.join('・')})` : ''}`
}

const ageOn = (birthDate: string, today: string): string => {
  const [year, month, day] = subtract(today, birthDate)
  const months = year * 12 + month - (day < 0 ? 1 : 0)
  return months < 24 ? `${months}か月` : `${Math.floor(months / 12)}歳`
}
const subtract = (a: string, b: string): readonly [number, number, number] => {
  const [ay = 0, am = 0, ad = 0] = a.split('-').map(Number)
  const [by = 0, bm = 0, bd = 0] = b.split('-').map(Number)
  return [ay - by, am - bm, ad - bd]
}

const describeOpen = (item: OpenItem, page: FamilyPage, paint: Paint, today: string): string => {
  const { kind, owner, due, openedOn } = item
  const who = [
    owner.staffId && page.nameOf('staff', owner.staffId),
    page.nameOf('organization', owner.organizationId),
  ]
  const isPast = due !== undefined && dueDay(due) < today
  const until = due === undefined ? '期限なし' : `期限 ${dueInWords(due, today)}${isPast ? ' 超過' : ''}`
  const text = `${kindName(kind)}(${shortDay(openedOn, today)} から、${who.filter(Boolean).join('・')})`
  return `${paint('yellow', '開いています')}  ${text}  ${isPast ? paint('red', until) : until}`
}

const drawEntries = (page: FamilyPage, canvas: Canvas): readonly string[] => {
  const telling: Telling = {
    page,
    paint: canvas.paint,
    today: japanDate(canvas.now),
    missed: missedClocks(page.entries),
  }
  return page.entries.flatMap((entry, i) => {
    const before = page.entries[i - 1]
    return [...newMonth(entry, before, canvas), ...drawEntry(entry, before, telling, canvas)]
  })
}

const newMonth = ({ occurredOn }: Entry, before: Entry | undefined, { paint }: Canvas): readonly string[] => {
  if (before?.occurredOn.slice(0, 7) === occurredOn.slice(0, 7)) return []
  return ['', ` ${paint('bold', `${Number(occurredOn.slice(0, 4))}年${Number(occurredOn.slice(5, 7))}月`)}`]
}

const drawEntry = (
  entry: Entry,
  before: Entry | undefined,
  telling: Telling,
  { width, paint }: Canvas,
): readonly string[] => {
  const { title, paragraphs, chips } = tellEntry(entry, telling)
  const sameDay = before?.occurredOn === entry.occurredOn
  const { sign, name, style } = functions[entry.function]
  const start = [
    '  ',
    pad(sameDay ? '' : dayOf(entry.occurredOn), DAY),
    pad(clockOf(entry), CLOCK),
    '  ',
    paint(style, pad(`${sign} ${name}`, FUNCTION)),
    ' ',
  ].join('')
  const isWide = width >= WIDE
  const textColumn = isWide ? INDENT + FUNCTION + 1 + TITLE + 1 : INDENT + FUNCTION + 1
  const lines = [
    ...paragraphs.flatMap((text) => wrap(text, width - textColumn)),
    ...flow(chips, width - textColumn).map((line) => line.join('  ')),
  ]
  const margin = ' '.repeat(textColumn)
  const heading = paint('bold', title)
  if (!isWide) return [`${start}${heading}`, ...lines.map((line) => margin + line)]
  const [first = '', ...rest] = lines
  return [`${start}${pad(heading, TITLE)} ${first}`, ...rest.map((line) => margin + line)]
}

const dayOf = (date: string): string =>
  `${padStart(String(Number(date.slice(8))), 2)}日(${weekdayName(date)})`

const clockOf = ({ precision, occurredAt }: Entry): string =>
  precision === 'instant' ? japanClock(occurredAt) : ''
