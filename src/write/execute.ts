import {
  type AnyEvent,
  type EventSpec,
  type Recorded,
  schemaVersionOf,
  streamName,
} from '#domain/kernel/event.ts'
import {
  type Appending,
  DuplicateEventId,
  type EventStore,
  type Stored,
  WrongExpectedVersion,
} from '#domain/kernel/event-store.ts'
import { KeyDestroyed, type Keyring } from '#domain/kernel/keyring.ts'
import {
  type AnyState,
  type Calendar,
  type CommandSpec,
  type Context,
  isRefusal,
  type Lifecycle,
  type Lookup,
  type Lookups,
  type Refusal,
  type Seen,
} from '#domain/kernel/lifecycle.ts'
import type { Actor, Metadata, Occurrence } from '#domain/kernel/metadata.ts'
import { sealedBy, toSeal } from '#domain/kernel/sealing.ts'
import { isErased } from '#domain/retention/erased.ts'
import { derivedId, fingerprint } from './command-id.ts'
import type { FoldCache } from './fold-cache.ts'
import { turns } from './turns.ts'

/** A command whose data has passed its schema and whose sender may send it. */
export type Command = {
  readonly lifecycle: Lifecycle
  /** Name in the lifecycle's `commands`. */
  readonly name: string
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
  readonly actor: Actor
  readonly occurrence: Occurrence
  /** The `Idempotency-Key`, or a fresh UUIDv7. Unique for each sender. */
  readonly commandId: string
  /** `If-Match`: the stream version the sender has seen; `some`: that it exists. */
  readonly expected?: number | 'some'
  /** Whether the sender may know of what is there already. Where not, the answer is as if there were nothing. */
  readonly admits?: (state: AnyState) => boolean | Promise<boolean>
  /** Asked last, when everything else has said yes: what only a view knows, and must not be told to who may not do this. */
  readonly lastCheck?: () => Promise<Refusal | undefined>
  /** All that was asked for, where that is more than `data`: if it differs, it is another command under the same key. */
  readonly asked?: Readonly<Record<string, unknown>>
  readonly correlationId?: string
  readonly causationId?: string
  readonly provenance?: Pick<
    Metadata,
    'toldBy' | 'enteredBy' | 'lateReason' | 'sourceSystem' | 'sourceRecordedAt'
  >
}

export type Receipt = {
  readonly kind: 'done'
  readonly id: string
  /** Of the stream after this command. */
  readonly version: number
  /** Of the command's last event, or of the stream's when things were already so. */
  readonly position?: bigint
  readonly events: readonly { readonly id: string; readonly type: string }[]
  /** The same events whole, for whoever follows them up; they leave the house by no door. */
  readonly facts: readonly Recorded[]
  readonly created: boolean
  /** The same command had been carried out before; this is its first answer. */
  readonly replayed: boolean
}

export type Outcome =
  | Receipt
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly state: string; readonly version: number }
  | { readonly kind: 'stale'; readonly version: number }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'keyReused' }

export type Execute = (command: Command) => Promise<Outcome>

/** How often a command is decided again when another node was faster. */
const ATTEMPTS = 20

/**
 * The only write path: read the stream, fold, decide, seal, append. A refusal is an outcome; a conflict is decided anew on the
 * newer state; everything else that is thrown is corruption, a bug, or a store that cannot promise durability.
 */
export const executor = (options: {
  readonly store: EventStore
  readonly keyring: Keyring
  readonly decode: (stored: Stored) => Recorded<AnyEvent>
  readonly view: FoldCache
  readonly now: () => string
  readonly calendar: Calendar
}): Execute => {
  const { store, keyring, decode, view, now, calendar } = options
  const inTurn = turns()
  const underKeys = sealedBy(keyring)

  const seen = async (lookups: Lookups): Promise<Seen<Lookups>> => {
    const stateOf = async ({ fold, id }: Lookup) => (await view(fold, id)).state
    const found = await Promise.all(
      Object.entries(lookups).map(async ([name, lookup]) => {
        if (lookup === undefined) return [name, undefined] as const
        return [
          name,
          isMany(lookup) ? await Promise.all(lookup.map(stateOf)) : await stateOf(lookup),
        ] as const
      }),
    )
    // Each name holds what its own lookup folded; the command's type says what that is.
    return Object.fromEntries(found) as Seen<Lookups>
  }

  /** As the log has it: the keys are destroyed a moment after the decision. What follows from facts is recorded still. */
  const isAboutErased = async (
    { lifecycle, id, actor, data }: Command,
    state: AnyState,
  ): Promise<boolean> => {
    if (actor.role === 'system' || OUTLIVES.has(lifecycle.name)) return false
    const families = new Set([lifecycle.familyOf(state, id), familyIn(data)])
    for (const family of families)
      if (family !== undefined && (await view(isErased, family)).state) return true
    return false
  }

  const attempt = async (command: Command, hash: string): Promise<Outcome> => {
    const { lifecycle, id, actor, occurrence } = command
    const spec = specOf(command)
    const stream = streamName(lifecycle.name, id)
    const past = (await store.read(stream)).map(decode)

    const state = past.reduce<AnyState>(
      (before, event) => lifecycle.evolve(before, event, event.metadata),
      lifecycle.initial,
    )
    if (command.admits && past.length > 0 && !(await command.admits(state))) return { kind: 'hidden' }

    const earlier = past.filter(({ metadata }) => isSameCommand(metadata, command))
    if (earlier.length > 0) return replay(command, earlier, hash)
    const refused = (refusal: Refusal): Outcome => ({
      kind: 'refused',
      refusal,
      state: state.status,
      version: past.length,
    })
    if (await isAboutErased(command, state)) return refused(erased)
    const gate = mayStart(spec, lifecycle, state)
    if (gate && state.status === 'none') return refused(gate)
    if (isStale(command.expected, past.length)) return { kind: 'stale', version: past.length }
    if (gate) return refused(gate)

    let made = 0
    const context: Context<Seen<Lookups>> = {
      ...occurrence,
      id,
      actor,
      now: now(),
      calendar,
      seen: spec.looksAt ? await seen(spec.looksAt(command.data, state, actor, id)) : {},
      newId: () => derivedId(actor.staffId, command.commandId, `new-${made++}`),
    }
    const decision = spec.decide(state, command.data, context)
    if (isRefusal(decision)) return refused(decision)
    if (decision.length === 0) return done(command, past.length, [], past.at(-1)?.position)
    const last = await command.lastCheck?.()
    if (last) return refused(last)

    const after = decision.reduce<AnyState>((s, event) => lifecycle.evolve(s, event, context), state)
    const familyId = lifecycle.familyOf(after, id) ?? lifecycle.familyOf(state, id)
    const fresh = decision.map((event, i) => inEnvelope(event, i, command, hash, familyId, context.now))
    const sealed = await sealOrNot(() =>
      underKeys(fresh.map((event) => toSeal(event, factSpec(lifecycle, event), stream))),
    )
    if (!sealed) return refused(erased)
    const { version, position } = await store.append(stream, past.length === 0 ? 'none' : past.length, sealed)
    const first = version - fresh.length + 1
    // An engine tells the last position of an append; nobody asks these facts for theirs.
    const facts = fresh.map((event, i) => ({ ...event, stream, version: first + i, position }))
    return done(command, version, facts, position)
  }

  const settled = async (command: Command, hash: string): Promise<Outcome> => {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(command, hash)
      } catch (error) {
        if (error instanceof DuplicateEventId) {
          const found = await store.find(error.eventId)
          if (found?.stream !== streamName(command.lifecycle.name, command.id)) return { kind: 'keyReused' }
        } else if (!(error instanceof WrongExpectedVersion)) throw error
        else if (typeof command.expected === 'number') return { kind: 'stale', version: error.actual }
        if (tries === ATTEMPTS) throw error
      }
    }
  }

  return (command) => {
    const { lifecycle, name, id, data, asked = data } = command
    // Keyed: a plain digest of a name can be found by trying names.
    const hash = keyring.blind(fingerprint([lifecycle.name, name, id, asked])).slice(0, 22)
    return inTurn(streamName(command.lifecycle.name, command.id), () => settled(command, hash))
  }
}

const specOf = ({ lifecycle, name }: Command): CommandSpec => {
  const spec = lifecycle.commands[name]
  if (!spec) throw new Error(`${lifecycle.name} has no command ${name}`)
  return spec
}

const isStale = (expected: Command['expected'], version: number): boolean =>
  expected === 'some' ? version === 0 : expected !== undefined && expected !== version

const isSameCommand = (metadata: Metadata, { commandId, actor }: Command): boolean =>
  metadata.commandId === commandId && metadata.actor.staffId === actor.staffId

/** R-LIF-1: a transition that is not in the table is refused with the current state. */
const mayStart = (spec: CommandSpec, lifecycle: Lifecycle, state: AnyState): Refusal | undefined => {
  if (spec.from.includes(state.status)) return undefined
  const kind = kebab(lifecycle.name)
  return state.status === 'none'
    ? { refused: `${kind}/not-found`, detail: 'There is no such thing.' }
    : { refused: `${kind}/illegal-transition`, detail: `Not possible while it is ${state.status}.` }
}

export const kebab = (name: string): string =>
  name.replace(/(?<=[a-z0-9])[A-Z]/g, (c) => `-${c}`).toLowerCase()

const factSpec = (lifecycle: Lifecycle, { type }: { readonly type: string }): EventSpec => {
  const spec = lifecycle.events[type]
  if (!spec) throw new Error(`${lifecycle.name} does not know ${type}`)
  return spec
}

/** What is written about a family after its key was destroyed would be under no key. */
const sealOrNot = async <T>(seal: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await seal()
  } catch (error) {
    if (error instanceof KeyDestroyed) return undefined
    throw error
  }
}

const inEnvelope = (
  event: AnyEvent,
  index: number,
  command: Command,
  commandHash: string,
  familyId: string | undefined,
  recordedAt: string,
): Appending => {
  const { actor, commandId, lifecycle, occurrence, provenance } = command
  const spec = factSpec(lifecycle, event)
  // What is written is what the contract says: a decision that made something else is a bug and stays out of the log.
  const data = spec.schema.parse(event.data)
  return {
    id: derivedId(actor.staffId, commandId, index),
    type: event.type,
    schemaVersion: schemaVersionOf(spec),
    recordedAt,
    data,
    metadata: {
      ...occurrence,
      actor,
      ...provenance,
      dataClass: spec.dataClass,
      ...basisOf(data),
      ...(familyId !== undefined && { familyId }),
      correlationId: command.correlationId ?? commandId,
      causationId: command.causationId ?? commandId,
      commandId,
      commandHash,
    },
  }
}

/** On what legal ground data crosses to another organisation, where the fact says so. */
const basisOf = (data: Readonly<Record<string, unknown>>): Pick<Metadata, 'legalBasis' | 'consentId'> => ({
  ...(typeof data.basis === 'string' && { legalBasis: 'consent', consentId: data.basis }),
  ...(typeof data.legalBasis === 'string' && { legalBasis: data.legalBasis }),
})

const done = (command: Command, version: number, facts: readonly Recorded[], position?: bigint): Receipt => ({
  kind: 'done',
  id: command.id,
  version,
  ...(position !== undefined && { position }),
  events: facts.map(({ id, type }) => ({ id, type })),
  facts,
  created: facts.length > 0 && version === facts.length,
  replayed: false,
})

const replay = (command: Command, earlier: readonly Recorded[], hash: string): Outcome => {
  const last = earlier.at(-1)
  if (!last || earlier.some(({ metadata }) => metadata.commandHash !== hash)) return { kind: 'keyReused' }
  return { ...done(command, last.version, earlier, last.position), replayed: true }
}

/** What is still said of a family whose data was erased. */
const OUTLIVES = new Set(['retention'])
const erased: Refusal = {
  refused: 'family/erased',
  detail: 'Their data was erased; nothing more is recorded about them.',
}
const familyIn = ({ familyId }: Readonly<Record<string, unknown>>): string | undefined =>
  typeof familyId === 'string' ? familyId : undefined

const isMany = (lookup: Lookup | readonly Lookup[]): lookup is readonly Lookup[] => Array.isArray(lookup)
