import { type Language, labelOf, labelsOf } from '#domain/codes/label.ts'
import { visitorKind, visitPurpose } from '#domain/codes/lists.ts'

type Party = {
  readonly visitors: readonly { readonly kind: string; readonly number: number }[]
  readonly children: number
  readonly purposes: readonly string[]
}

/** 父・祖父・子ども2人(子どもを遊ばせる) */
export const describeVisit = ({ visitors, children, purposes }: Party, language: Language): string => {
  const adults = visitors.map(({ kind, number }) =>
    number === 1
      ? labelOf(visitorKind, kind, language)
      : counted(labelOf(visitorKind, kind, language), number, language),
  )
  const party =
    children === 0 ? adults : [...adults, language === 'ja' ? `子ども${children}人` : `${children} children`]
  const said = purposes.filter((purpose) => purpose !== 'unknown')
  const why = labelsOf(visitPurpose, said, language)
  if (language === 'ja') return `${party.join('・')}${why && `(${why})`}`
  return `${party.join(', ')}${why && ` (${why})`}`
}

const counted = (label: string, number: number, language: Language): string =>
  language === 'ja' ? `${label}${number}人` : `${number} × ${label}`
