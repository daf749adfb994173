import { z } from 'zod'
import { childAgeBand, visitorKind } from '#domain/codes/lists.ts'
import { baseCode, codeOf } from '#domain/kernel/schema.ts'
import { given } from '#domain/kernel/values.ts'
import type { VisitEvent } from './events.ts'

export type VisitData = Extract<VisitEvent, { type: 'VisitRecorded' }>['data']

/** `mother`, or `{ kind: "mother", number: 2 }`. */
export const Visitor = z.union([
  codeOf(visitorKind).transform((kind) => ({ kind, number: 1 })),
  z.strictObject({ kind: codeOf(visitorKind), number: z.int().min(1).max(200).default(1) }),
])

/** How many, or how many in each age band. */
export const Children = z.union([
  z.int().min(0).max(200),
  z
    .array(z.strictObject({ ageBand: codeOf(childAgeBand), number: z.int().min(1).max(200).default(1) }))
    .max(20),
])

type Party = Omit<VisitData, 'site' | 'children' | 'childAdded'> & {
  readonly children: z.output<typeof Children>
}

/** Visitors of kind `child` are children; a number and age bands are two ways of saying the same. */
export function party({ visitors, children, childrenByAge: _, ...rest }: Party) {
  const adults = visitors.filter((visitor) => !isChild(visitor))
  const amongVisitors = sum(visitors.filter(isChild))
  const counted = typeof children === 'number' ? children : sum(children)
  return {
    ...rest,
    visitors: adults,
    children: counted + amongVisitors,
    ...(typeof children !== 'number' && children.length > 0 && { childrenByAge: children }),
  }
}

const isChild = ({ kind }: { readonly kind: string }) => baseCode(kind) === 'child'

/** Children are recounted only where something was said of them: a number, age bands, or visitors of kind `child`. */
export function corrected(
  before: Omit<VisitData, 'childAdded'>,
  changes: { readonly [K in keyof Party]?: Party[K] | undefined },
) {
  const { childrenByAge, ...rest } = { ...before, ...given(changes) }
  if (changes.children !== undefined) return party({ ...rest, children: changes.children })
  if (changes.visitors?.some(isChild)) return party({ ...rest, children: 0 })
  return { ...rest, children: before.children, ...(childrenByAge && { childrenByAge }) }
}

export const sum = (items: readonly { readonly number: number }[]) =>
  items.reduce((total, { number }) => total + number, 0)

export function headsIn({ visitors, children }: Pick<Party, 'visitors' | 'children'>): number {
  return sum(visitors) + (typeof children === 'number' ? children : sum(children))
}

export function leavesAfterArriving({
  arrivedAt,
  leftAt,
}: {
  arrivedAt?: string | undefined
  leftAt?: string | undefined
}) {
  return !arrivedAt || !leftAt || arrivedAt <= leftAt
}
