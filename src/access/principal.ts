import { foldOf } from '#domain/kernel/lifecycle.ts'
import type { Actor } from '#domain/kernel/metadata.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { roleOn, type Staff, staff } from '#domain/staff/staff.ts'
import { isApiKey } from '#infra/auth/api-key.ts'
import type { VerifyToken } from '#infra/auth/token-verifier.ts'
import type { FoldCache } from '#src/write/fold-cache.ts'

/** Who asks: a person of ours with a role at an organisation, read from the log at every request so that a change acts at once. */
export type Principal = Actor & {
  /** Families whose files are closed to this person, whoever else may see them (R-ACC-3). */
  readonly conflicts?: readonly string[]
  /** What an integration's key is for; people have none. */
  readonly scopes?: readonly string[]
}

/** Nothing of a family is for those who have declared a conflict with it. */
export const isInConflict = ({ conflicts }: Principal, familyId: string | undefined): boolean =>
  familyId !== undefined && conflicts?.includes(familyId) === true

/** The one who acts, as the log names them: what is closed to them is nobody's business there. */
export const actorOf = ({ conflicts: _, scopes: __, ...actor }: Principal): Actor => actor

export type Identify = (
  authorization: string | undefined,
) => Promise<Principal | 'no-token' | 'bad-token' | 'not-staff'>

const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i
const STAFF_ID = /^[A-Za-z0-9][A-Za-z0-9-]{2,63}$/
const LONGEST_TOKEN = 8_192

const staffFold = foldOf<Staff>(staff)

/** A staff member as the log knows them now, in the role of that day; undefined for whoever does not work here. */
export const staffBy =
  ({ view, now }: { readonly view: FoldCache; readonly now: () => string }) =>
  async (staffId: string, day = japanDate(now())): Promise<Principal | undefined> => {
    if (!STAFF_ID.test(staffId)) return undefined
    const { state } = await view(staffFold, staffId)
    const actor = roleOn(state, day)
    if (!actor || state.status !== 'active') return undefined
    const { conflicts } = state
    return { ...actor, staffId, ...(conflicts.length > 0 && { conflicts }) }
  }

/** People come with a token, programs with a key. */
export const identifier = (
  verify: VerifyToken,
  staffMember: (staffId: string) => Promise<Principal | undefined>,
  integration: (key: string) => Promise<Principal | undefined>,
): Identify => {
  return async (authorization) => {
    if (authorization === undefined) return 'no-token'
    const token = authorization.length <= LONGEST_TOKEN ? BEARER.exec(authorization)?.[1] : undefined
    if (token !== undefined && isApiKey(token)) return (await integration(token)) ?? 'bad-token'
    const staffId = token && (await verify(token))
    if (!staffId) return 'bad-token'
    return (await staffMember(staffId)) ?? 'not-staff'
  }
}
