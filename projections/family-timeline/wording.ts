import { type Language, labelsOf } from '#domain/codes/label.ts'
import { elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'
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

/** Labels of the coded fields, in the order of the schema. */
const codesInWords = ({ type, data }: Entry, language: Language): string =>
  Object.entries(shapeOf(specOf(type)?.schema ?? NOTHING) ?? {})
    .flatMap(([name, field]) => {
      const element = elementOf(field)
      const list = marksOf(field).codes ?? (element && marksOf(element).codes)
      const value = data[name]
      const codes = (Array.isArray(value) ? value : [value]).filter((code) => typeof code === 'string')
      return list && codes.length > 0 ? [labelsOf(list, codes, language)] : []
    })
    .join(' / ')

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

const textsOf = ({ type, data }: Entry): readonly string[] => {
  const shape = shapeOf(specOf(type)?.schema ?? NOTHING) ?? {}
  return TEXTS.flatMap((name) => {
    const value = data[name]
    // Elsewhere a field of that name is a code.
    const isText = shape[name] !== undefined && marksOf(shape[name]).sensitive !== undefined
    return isText && typeof value === 'string' ? [name === 'words' ? `「${value}」` : value] : []
  })
}

const NOTHING = { _zod: { def: {} } } as Parameters<typeof shapeOf>[0]
