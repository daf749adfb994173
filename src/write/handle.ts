import type { z } from 'zod'
import type { Lifecycle, Refusal } from '#domain/kernel/lifecycle.ts'
import type { Metadata } from '#domain/kernel/metadata.ts'
import { ViewNotReady } from '#domain/kernel/projection.ts'
import { openItems } from '#projections/open-items.ts'
import { mayKnow } from '#src/access/holder.ts'
import { actorOf, isInConflict, type Principal } from '#src/access/principal.ts'
import type { Relation } from '#src/access/relation.ts'
import { whereaboutsIn } from '#src/access/whereabouts.ts'
import type { System } from '#src/system.ts'
import { uuidV7 } from './command-id.ts'
import type { Door } from './commands.ts'
import { kebab, type Outcome } from './execute.ts'
import { type Circumstances, circumstanceNames, isOccurrenceError, occurrenceOf } from './occurrence.ts'

/** A command as it arrives, from HTTP, a batch or an import: nothing has been checked yet. */
export type Incoming = {
  readonly door: Door
  readonly id: string
  readonly body: unknown
  readonly principal: Principal
  readonly key?: string
  readonly expected?: number | 'some'
  readonly provenance?: Pick<Metadata, 'sourceSystem' | 'sourceRecordedAt'>
}

export type Answer =
  | Outcome
  | { readonly kind: 'invalid'; readonly issues: readonly z.core.$ZodIssue[] }
  | { readonly kind: 'misdated'; readonly error: { pointer: string; code: string; message: string } }
  | { readonly kind: 'roleNotAllowed' }
  | { readonly kind: 'scopeMissing' }
  | { readonly kind: 'notFound' }

export type Handled = (incoming: Incoming) => Promise<Answer>

/** How long an answer waits for what follows from it in other streams. */
const SETTLE_MS = 1_000

/** Parse, may they, execute, and wait until its consequences are recorded, so that the next command finds them. */
export const handler = (system: System, relation: Relation): Handled => {
  const { execute, processes, now } = system
  const hidesWhereabouts = whereaboutsIn(system)

  return async (incoming) => {
    const { door, principal, key, expected, provenance } = incoming
    if (!door.spec.by.includes(principal.role)) return { kind: 'roleNotAllowed' }
    if (lacksScope(principal, door.lifecycle)) return { kind: 'scopeMissing' }
    const id = door.id.safeParse(incoming.id)
    if (!id.success) return { kind: 'notFound' }
    const parsed = door.body.safeParse(incoming.body)
    if (!parsed.success) return { kind: 'invalid', issues: parsed.error.issues }
    const { data, said } = apart(parsed.data)
    const occurrence = occurrenceOf(said, now())
    if (isOccurrenceError(occurrence)) return { kind: 'misdated', error: occurrence }

    const { lifecycle } = door
    const about = familyAskedAbout(lifecycle, id.data, data)
    const mayWriteOf = async (familyId: string): Promise<boolean> =>
      lifecycle.opensFamilies ? !isInConflict(principal, familyId) : relation.mayWrite(principal, familyId)
    if (about !== undefined && !(await mayWriteOf(about))) return { kind: 'notFound' }

    const outcome = await execute({
      lifecycle,
      name: door.name,
      id: id.data,
      data,
      asked: parsed.data,
      actor: actorOf(principal),
      occurrence,
      commandId: key ?? uuidV7(),
      ...(expected !== undefined && { expected }),
      async admits(state) {
        if (!mayKnow(principal, lifecycle, state)) return false
        const family = lifecycle.familyOf(state, id.data)
        // What cannot be read cannot be felt for, either: a refusal would tell the hour (R-ACC-2).
        if (lifecycle.name === 'visit' && family && (await hidesWhereabouts(principal, family))) return false
        return family === undefined || family === about || mayWriteOf(family)
      },
      lastCheck: () => nothingOpen(system, door, id.data),
      provenance: {
        ...provenance,
        ...(said.toldBy !== undefined && { toldBy: said.toldBy }),
        ...(said.lateReason !== undefined && { lateReason: said.lateReason }),
      },
    })
    if (outcome.kind === 'done' && outcome.position !== undefined && outcome.facts.some(processes.concerns))
      await processes.followUp(outcome.facts, outcome.position, SETTLE_MS)
    return outcome
  }
}

/** A program's key may be for other things; people need no scope. */
export const lacksScope = ({ scopes }: Principal, { scope }: Pick<Lifecycle, 'scope'>): boolean =>
  scopes !== undefined && scope !== undefined && !scopes.includes(scope)

/** What is open is known to a view; it has to have caught up before a "nothing" counts. */
const nothingOpen = async (
  { views, projector, store }: System,
  { lifecycle, spec }: Door,
  id: string,
): Promise<Refusal | undefined> => {
  if (!spec.nothingOpen) return undefined
  if (!(await projector.reached(await store.head(), SETTLE_MS))) throw new ViewNotReady('open items')
  const where = spec.nothingOpen === 'family' ? { family: id } : { ownerStaff: id }
  return views.reader(openItems).count({ where }) === 0
    ? undefined
    : { refused: `${kebab(lifecycle.name)}/open-items`, detail: 'Something is still open.' }
}

/** The family a command names by itself; what is there already may be about one, too. */
const familyAskedAbout = (
  { familyOf, initial }: Lifecycle,
  id: string,
  { familyId }: Readonly<Record<string, unknown>>,
): string | undefined => familyOf(initial, id) ?? (typeof familyId === 'string' ? familyId : undefined)

/** The command's own data, and when and from whom it is known. */
const apart = (
  body: Readonly<Record<string, unknown>>,
): { data: Record<string, unknown>; said: Circumstances } => {
  const data = { ...body }
  for (const name of circumstanceNames) delete data[name]
  return { data, said: body as Circumstances }
}
