import { baseCode, type CodeList } from '#domain/kernel/schema.ts'

export type Language = 'ja' | 'en'

/** The label of a code; a hub's sub-code shows its base and its own part. English falls back to the code's own words. */
export const labelOf = (list: CodeList, code: string, language: Language = 'ja'): string => {
  const base = baseCode(code)
  const label = list.labels[base]
  const text = language === 'ja' ? label?.ja : (label?.en ?? inWords(base))
  const local = code.slice(base.length + 1)
  return `${text ?? base}${local ? `(${local})` : ''}`
}

export const labelsOf = (list: CodeList, codes: readonly string[], language: Language = 'ja'): string =>
  codes.map((code) => labelOf(list, code, language)).join(language === 'ja' ? '、' : ', ')

const inWords = (code: string): string =>
  code.replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
