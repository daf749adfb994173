import fc from 'fast-check'
import type { z } from 'zod'
import { marksOf } from '#domain/kernel/schema.ts'
import * as c from './controls.ts'

type Schema = z.core.$ZodType

/** Ids that exist in the examples, so that references mostly lead somewhere. */
const ids: Readonly<Record<string, readonly string[]>> = {
  family: [c.family, c.otherFamily],
  person: [c.mother, c.father, c.child, c.sibling],
  organization: [c.ward, c.hub, c.otherHub, c.otherWard],
  site: [c.mainSite, c.satellite],
  visit: [c.visit],
  notice: [c.notice, c.otherNotice],
  consultation: [c.consultation],
  consent: [c.consent],
  referral: [c.referral, c.earlierReferral, c.laterReferral],
  match: [c.match],
  membership: [c.userMembership, c.provider, c.otherProvider],
  watchOver: [c.watchOver],
}

const strings = [
  'A',
  '斎藤',
  '夜になると涙が出る 😢',
  '2022-02-18',
  '2022-02-22',
  '2022-03-20',
  '2022-08-31',
  '2024-03-31',
  '2022-03-10T09:30:00+09:00',
  '2022-03-10T00:30:00.000Z',
  '2022-02-01T09:30:00+09:00',
]

/** Data as a client might send it: of the right shape, mostly, and often beside the point. */
export const arbitraryOf = (schema: Schema): fc.Arbitrary<unknown> => {
  const { refersTo, codes } = marksOf(schema)
  const { def } = (schema as z.ZodType)._zod as unknown as { def: Def }
  switch (def.type) {
    case 'optional':
    case 'default':
      return fc.option(arbitraryOf(inner(def)), { nil: undefined })
    case 'nullable':
      return fc.option(arbitraryOf(inner(def)), { nil: null })
    case 'readonly':
      return arbitraryOf(inner(def))
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(def.shape ?? {}).map(([name, field]) => [name, arbitraryOf(field)]),
        ),
      )
    case 'array':
      return fc.array(arbitraryOf(inner(def)), { maxLength: 3 })
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries ?? {}))
    case 'literal':
      return fc.constantFrom(...(def.values ?? []))
    case 'boolean':
      return fc.boolean()
    case 'number':
      return fc.integer({ min: 0, max: 100 })
    case 'union':
      return fc.oneof(...(def.options ?? []).map(arbitraryOf))
    case 'pipe':
      return arbitraryOf(def.in ?? schema)
    case 'string': {
      if (codes) return fc.constantFrom(...Object.keys(codes.labels), `${Object.keys(codes.labels)[0]}/local`)
      if (refersTo) return fc.constantFrom(...(ids[refersTo] ?? [c.newId(9)]))
      const fitting = strings.filter((value) => (schema as z.ZodType).safeParse(value).success)
      return fc.constantFrom(...(fitting.length > 0 ? fitting : strings))
    }
    default:
      throw new Error(`no arbitrary for ${def.type}`)
  }
}

type Def = {
  readonly type: string
  readonly innerType?: Schema
  readonly element?: Schema
  readonly in?: Schema
  readonly shape?: Readonly<Record<string, Schema>>
  readonly entries?: Readonly<Record<string, string>>
  readonly values?: readonly unknown[]
  readonly options?: readonly Schema[]
}

const inner = (def: Def): Schema => {
  const schema = def.innerType ?? def.element
  if (!schema) throw new Error(`${def.type} of nothing`)
  return schema
}
