import { idIn } from '#domain/kernel/event.ts'
import { japanClock, japanDate } from '#domain/kernel/time.ts'
import type { Entry } from '#projections/family-timeline/entry.ts'
import { wordingOf } from '#projections/family-timeline/wording.ts'
import type { Paint } from '../terminal/paint.ts'
import type { FamilyPage } from './read.ts'
import { clockNames, deskName, kindName, relationName, roleNames } from './words.ts'

/** What an entry says: its title, a paragraph each for what was coded and what was said, and chips that stand side by side. */
export type Told = {
  readonly title: string
  readonly paragraphs: readonly string[]
  readonly chips: readonly string[]
}

export type Telling = {
  readonly page: FamilyPage
  readonly paint: Paint
  readonly today: string
  /** `id/clock@day` of clocks that were missed. */
  readonly missed: ReadonlySet<string>
}

export const tellEntry = (entry: Entry, { page, paint, missed, today }: Telling): Told => {
  const { title, summary } = wordingOf({ ...entry, data: codedPart(entry) }, 'ja')
  const coded = [aboutWhom(entry, page), inWords(summary, page)].filter(Boolean).join(' ')
  const emphasis = (text: string) => (entry.type === 'ReferralOverdueDetected' ? paint('red', text) : text)
  return {
    title: emphasis(title),
    paragraphs: [...(coded ? [emphasis(coded)] : []), ...freeTexts(entry)],
    chips: [
      paint('dim', whoAndWhere(entry, page)),
      ...marks(entry, page, paint),
      ...dueChips(entry, page, missed, today).map(({ text, isPast }) =>
        isPast ? paint('red', `${text} 超過`) : text,
      ),
      ...linkChips(entry, page, paint),
    ],
  }
}

/** What people wrote in their own words, in the order of reading. */
const FREE = [
  'summary',
  'facts',
  'impression',
  'words',
  'question',
  'answer',
  'note',
  'sheet',
  'reason',
  'closeReason',
]

const isWritten = (name: string, value: unknown): value is string =>
  FREE.includes(name) && typeof value === 'string' && !/^[\w/.-]+$/.test(value)

const codedPart = ({ data }: Entry): Entry['data'] =>
  Object.fromEntries(Object.entries(data).filter(([name, value]) => !isWritten(name, value)))

const freeTexts = ({ data }: Entry): readonly string[] =>
  FREE.flatMap((name) => {
    const value = data[name]
    if (!isWritten(name, value)) return []
    return [name === 'words' ? `「${value}」` : name === 'impression' ? `(所感)${value}` : value]
  })

const personName = ({ family }: FamilyPage, id: unknown): string | undefined => {
  const person = family.members.find(({ personId }) => personId === id)
  if (!person) return undefined
  const given = person.name?.split(/\s+/u).at(-1)
  return [relationName(person.relation), given].filter(Boolean).join('・') || undefined
}

/** Whom it is about, where it is not everybody. */
const aboutWhom = ({ type, data }: Entry, page: FamilyPage): string => {
  if (type === 'FamilyRegistered') return ''
  const { aboutPerson, people, person, children, child, caregiver } = data
  const ids = [aboutPerson, person, people, children, child, caregiver].flat().map(idOf)
  const names = ids.flatMap((id) => personName(page, id) ?? [])
  return names.length === 0 ? '' : `[${names.join('、')}]`
}

const idOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'personId' in value ? value.personId : value

const CODE = /\b(?:ORG|SITE)-[A-Za-z0-9-]+|\b[a-z]+[A-Z][A-Za-z]+\b/g

/** Ids and codes that a summary still holds become the names people know. */
const inWords = (text: string, { nameOf }: FamilyPage): string =>
  text.replace(CODE, (code) => nameOf('organization', code) ?? nameOf('site', code) ?? deskName(code))

const whoAndWhere = ({ actor, site }: Entry, { nameOf }: FamilyPage): string => {
  if (actor.role === 'system') return '自動で記録'
  const who = new Set([nameOf('staff', actor.staffId), roleNames[actor.role]].filter(Boolean))
  const where = (site && nameOf('site', site)) ?? nameOf('organization', actor.organizationId)
  return `${[...who].join(' ')}(${where ?? actor.organizationId})`
}

const marks = (entry: Entry, page: FamilyPage, paint: Paint): readonly string[] => [
  ...(entry.toldBy === undefined
    ? []
    : [paint('dim', `${personName(page, entry.toldBy) ?? entry.toldBy} から聞いて`)]),
  ...(entry.late
    ? [paint('yellow', `後日記録 ${shortDay(japanDate(entry.recordedAt), entry.occurredOn)}`)]
    : []),
  ...(entry.implied ? [paint('yellow', '記録なし・後の記録から推定')] : []),
  ...(entry.correctedBy ? [paint('yellow', '訂正済み')] : []),
  ...(entry.annulled ? [paint('yellow', '取消')] : []),
]

type Due = { readonly text: string; readonly isPast: boolean }

/** A referral runs several clocks at once: each by its name, red when it was missed. Anything else has one date. */
const dueChips = (
  entry: Entry,
  page: FamilyPage,
  missed: ReadonlySet<string>,
  today: string,
): readonly Due[] => {
  const { data, due, stream, occurredOn, implied } = entry
  if (implied) return []
  const clocks = Object.entries(clockNames).flatMap(([clock, name]): readonly Due[] => {
    const on = data[`${clock}DueOn`]
    if (typeof on !== 'string') return []
    const isPast = missed.has(`${idIn(stream)}/${clock}@${on}`)
    return [{ text: `${name}期限 ${shortDay(on, occurredOn)}`, isPast }]
  })
  if (clocks.length > 0 || due === undefined || entry.kind === 'referral') return clocks
  const isStillOwed = page.open.some((item) => item.stream === stream && item.due === due)
  return [{ text: `期限 ${dueInWords(due, occurredOn)}`, isPast: isStillOwed && dayOf(due) < today }]
}

export const dayOf = (due: string): string => (due.length === 10 ? due : japanDate(due))

export const dueInWords = (due: string, near: string): string =>
  due.length === 10 ? shortDay(due, near) : `${shortDay(japanDate(due), near)} ${japanClock(due)}`

/** Forward where it led, backward where it came from; what is not on this timeline is not pointed to. */
const linkChips = ({ links, occurredOn }: Entry, page: FamilyPage, paint: Paint): readonly string[] => {
  const arrows = links.flatMap(({ rel, stream }) => {
    const target = page.beginningOf(stream)
    if (!target) return []
    const arrow = rel === 'ledTo' ? '→' : '←'
    return [`${arrow} ${kindName(target.kind)} ${shortDay(target.occurredOn, occurredOn)}`]
  })
  return [...new Set(arrows)].map((arrow) => paint('cyan', arrow))
}

/** `2/5`; with the year where it is another one. */
export const shortDay = (date: string, near: string): string => {
  const [year, month, day] = date.split('-').map(Number)
  return `${date.slice(0, 4) === near.slice(0, 4) ? '' : `${year}/`}${month}/${day}`
}
