import { type Context, refuse } from '#domain/kernel/lifecycle.ts'
import { isProtecting } from './protection.ts'
import type { Family, Person } from './state.ts'

export const eachPersonOnce = (ids: readonly string[]) =>
  new Set(ids).size < ids.length
    ? refuse('family/person-twice', 'Give every person an id of their own.')
    : undefined

export const isNew = (state: Family, id: string | undefined) =>
  id !== undefined && id in state.people
    ? refuse('family/person-known', 'Use update-profile to change what is known of them.', '/personId')
    : undefined

export const belongs = (state: Family, id: string, as: Person['as'], pointer: string) =>
  state.people[id]?.as === as
    ? undefined
    : refuse('family/no-such-person', `Add the ${as} to the family first.`, pointer)

export const isBorn = (
  child: { birthDate?: string | undefined },
  { occurredOn }: Context,
  pointer: string,
) =>
  child.birthDate !== undefined && child.birthDate > occurredOn
    ? refuse('family/born-later', 'Check the birth date.', `${pointer}/birthDate`)
    : undefined

/** A household in hiding is not uncovered in passing: by those who know it, or by whoever deals with the protection at the ward. */
export const staysHidden = (
  { isProtected, registeredBy }: Family,
  flags: readonly string[] | undefined,
  { actor: { role, organizationId } }: Context,
) => {
  if (!isProtected || flags === undefined || isProtecting(flags)) return undefined
  const isOfItsHub = organizationId === registeredBy && (role === 'hubPartner' || role === 'hubDirector')
  return isOfItsHub || role === 'wardChildFamily'
    ? undefined
    : refuse('family/protection-stays', 'Leave the flag as it is, or ask one of them.', '/householdFlags')
}
