import { type Language, labelsOf } from '#domain/codes/label.ts'
import { catalogue } from '#domain/events.ts'
import { type CodeList, elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'
import { type Entry, specOf } from './entry.ts'

/** What a person reads: the title and one line about the content, coded fields first, then what was said. */
export const wordingOf = (
  entry: Entry,
  language: Language,
): { readonly title: string; readonly summary: string } => {
  const spec = specOf(entry.type)
  if (!spec) return { title: entry.type, summary: '' }
  const said = entry.implied ? '' : (spec.summary?.(entry.data, language) ?? codesInWords(entry, language))
  return { title: spec.title[language], summary: [said, ...textsOf(entry)].filter(Boolean).join(' ') }
}

/** The free text that staff wrote: facts first, the impression after it. */
const TEXTS = [
  'summary',
  'facts',
  'impression',
  'words',
  'note',
  'question',
  'answer',
  'closeReason',
  'reason',
] as const

type Said = {
  /** Fields that hold codes, in the order of the schema. */
  readonly coded: readonly { readonly name: string; readonly list: CodeList }[]
  readonly texts: readonly string[]
}

/** What a fact's schema says of its wording, asked once: a page has hundreds of entries. */
const saidByType = new Map<string, Said>(
  Object.entries(catalogue).map(([type, { schema }]) => {
    const shape = shapeOf(schema) ?? {}
    const coded = Object.entries(shape).flatMap(([name, field]) => {
      const element = elementOf(field)
      const list = marksOf(field).codes ?? (element && marksOf(element).codes)
      return list ? [{ name, list }] : []
    })
    // Elsewhere a field of that name is a code.
    const texts = TEXTS.filter((name) => shape[name] && marksOf(shape[name]).sensitive !== undefined)
    return [type, { coded, texts }]
  }),
)

const codesInWords = ({ type, data }: Entry, language: Language): string =>
  (saidByType.get(type)?.coded ?? [])
    .flatMap(({ name, list }) => {
      const value = data[name]
      const codes = (Array.isArray(value) ? value : [value]).filter((code) => typeof code === 'string')
      return codes.length > 0 ? [labelsOf(list, codes, language)] : []
    })
    .join(' / ')

const textsOf = ({ type, data }: Entry): readonly string[] =>
  (saidByType.get(type)?.texts ?? []).flatMap((name) => {
    const value = data[name]
    return typeof value === 'string' ? [name === 'words' ? `「${value}」` : value] : []
  })
