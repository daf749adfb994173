import { z } from 'zod'
import { referralDirection } from '#domain/codes/lists.ts'
import { WardCode } from '#domain/codes/ward-code.ts'
import { OrganizationId } from '#domain/ids.ts'
import { codeOf } from '#domain/kernel/schema.ts'
import { publishedTypes } from '#domain/referral/events.ts'

/** Which of the referral events somebody wants to have. All that are given must fit; a list: one of it. */
export const FeedFilter = z.strictObject({
  types: z.array(z.enum(publishedTypes)).min(1).max(publishedTypes.length).optional(),
  /** Where either end of the referral is. */
  wards: z.array(WardCode).min(1).max(18).optional(),
  /** Either end of the referral. */
  organizations: z.array(OrganizationId).min(1).max(50).optional(),
  directions: z.array(codeOf(referralDirection)).min(1).max(3).optional(),
})
export type FeedFilter = Readonly<z.output<typeof FeedFilter>>

/** The same filter is the same question, however its lists are ordered. */
export const questionOf = (
  filter: FeedFilter,
): readonly (readonly [name: string, wanted: readonly string[]])[] =>
  Object.entries(filter)
    .flatMap(([name, list]) =>
      list === undefined ? [] : [[name, [...new Set<string>(list)].sort(inOrder)] as const],
    )
    .sort(([a], [b]) => inOrder(a, b))
const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const sameFilter = (one: FeedFilter, other: FeedFilter): boolean =>
  JSON.stringify(questionOf(one)) === JSON.stringify(questionOf(other))

type Told = {
  readonly type: string
  readonly direction: string
  readonly from: string
  readonly to?: string | undefined
  readonly wards: readonly string[]
}

export const fits = (filter: FeedFilter, { type, direction, from, to, wards }: Told): boolean =>
  isOneOf(filter.types, [type]) &&
  isOneOf(filter.directions, [direction]) &&
  isOneOf(filter.wards, wards) &&
  isOneOf(filter.organizations, to === undefined ? [from] : [from, to])

const isOneOf = (wanted: readonly string[] | undefined, given: readonly string[]): boolean =>
  wanted === undefined || given.some((one) => wanted.includes(one))
