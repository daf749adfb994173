import { type Integration, integration } from '#domain/integration/integration.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import type { FoldCache } from '#src/write/fold-cache.ts'
import { type Principal, staffBy } from './principal.ts'

/** Whom events are sent to, and whose events: a program and its organisation. */
export type Subscriber = Pick<Principal, 'staffId' | 'organizationId'>

type Parts = { readonly view: FoldCache; readonly now: () => string }

const integrationFold = foldOf<Integration>(integration)
/** How a program is called where people have their staff id. */
export const OF_INTEGRATION = 'int-'

/** Being sent events is reading them. */
const READING = 'events:read'

/** A program as it is known now: by its registration, or as staff whose role that is. Undefined: there is none of that id that may read events. */
export const programOf = async (parts: Parts, id: string): Promise<Subscriber | undefined> => {
  if (id.startsWith(OF_INTEGRATION)) {
    const { state } = await parts.view(integrationFold, id.slice(OF_INTEGRATION.length))
    return state.status === 'active' && state.scopes.includes(READING)
      ? { staffId: id, organizationId: state.organizationId }
      : undefined
  }
  const member = await staffBy(parts)(id)
  return member?.role === 'integration' ? member : undefined
}

/** A program is its own subscriber; an administrator says for which it is. */
export const subscriberOf = async (
  parts: Parts,
  { role, staffId }: Principal,
  named: string | undefined,
): Promise<Subscriber | undefined> => {
  const wanted = role === 'integration' ? (named ?? staffId) : named
  const isOthers = role === 'integration' && wanted !== staffId
  return wanted === undefined || isOthers ? undefined : programOf(parts, wanted)
}
