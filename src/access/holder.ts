import type { AnyState, Lifecycle } from '#domain/kernel/lifecycle.ts'
import type { Principal } from './principal.ts'

/** Open to everybody who works here: nobody's personal matter. Who may read of a family is for its relation to say. */
const EVERYBODYS = new Set(['family', 'organization', 'site', 'retention'])

/**
 * Records stay with the organisation that made them; a referral is shared by its two ends once it was sent, a consent by those
 * it names. For all others they do not exist, neither to read nor to write.
 */
export const mayKnow = (principal: Principal, { name }: Lifecycle, state: AnyState): boolean => {
  if (EVERYBODYS.has(name) || principal.role === 'auditor') return true
  if (name === 'staff' || name === 'integration') return principal.role === 'admin'
  if (name === 'subscription' || name === 'feedConsumer')
    return principal.role === 'admin' || isOf(principal, state)
  return holders(state).includes(principal.organizationId)
}

/** What a program set up for itself is not for others of its organisation. */
const isOf = ({ staffId }: Principal, state: AnyState & { readonly subscriber?: string }): boolean =>
  state.subscriber === staffId

type Held = {
  readonly organizationId?: string
  readonly sender?: string
  readonly from?: { readonly organizationId?: string } | string
  readonly to?: { readonly organizationId?: string }
  readonly sent?: boolean
  readonly scope?: { readonly recipients?: readonly string[] }
}

const holders = (state: AnyState): readonly (string | undefined)[] => {
  const { organizationId, sender, from, to, sent, scope } = state as Held
  return [
    organizationId,
    sender,
    typeof from === 'object' ? from.organizationId : undefined,
    sent ? to?.organizationId : undefined,
    ...(scope?.recipients ?? []),
  ]
}

/** Whose record a thing is: of whoever opened it, and who else has to do with it. */
export const holderOf = (
  state: AnyState,
): { readonly holder: string | undefined; readonly addressees: readonly string[] } => {
  const [holder, ...addressees] = holders(state).filter((id) => id !== undefined)
  return { holder, addressees }
}
