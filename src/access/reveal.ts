import type { z } from 'zod'
import { type Decision, decide } from '#domain/access/decide.ts'
import type { Kind } from '#domain/access/grid.ts'
import type { DataClass } from '#domain/kernel/classes.ts'
import { type EventSpec, idIn } from '#domain/kernel/event.ts'
import { elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import type { FamilyRow, Member } from '#projections/families.ts'
import type { Entry } from '#projections/family-timeline/entry.ts'
import { specOf } from '#projections/family-timeline/entry.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import type { OpenItem } from '#projections/open-items.ts'
import type { System } from '#src/system.ts'
import { circumstancesIn, type OfFamily } from './circumstances.ts'
import { openEntry, openFamily } from './open.ts'
import { isInConflict, type Principal } from './principal.ts'
import { tellsWhereabouts, withoutWhereabouts } from './whereabouts.ts'

/** What stands where a text is that this reader may know of, but not read. */
export const MASK = '■'

/** An entry as one reader may see it: opened as far as it is theirs, and what was left out by name. */
export type Shown = {
  readonly entry: Entry
  readonly redacted: readonly string[]
  readonly effect: Decision['effect']
}

/** What was released, for the access log: nothing here says what stood in it. */
export type Released = {
  readonly classes: readonly DataClass[]
  readonly holders: readonly string[]
  readonly rules: readonly string[]
  readonly count: number
}

/** The one boundary: everything about a family that leaves the house has passed through one of these (dossier 4.6). */
export type Reveal = {
  entry(entry: Entry): Shown | undefined
  /** How it was decided, without opening or releasing anything. */
  explain(entry: Entry): Decision & { readonly redacted: readonly string[] }
  /** Whether `entry` would give one; nothing is released by asking. */
  hasEntry(entry: Entry): boolean
  family(row: FamilyRow): { readonly row: FamilyRow; readonly redacted: readonly string[] }
  item(item: OpenItem): boolean
  /** How much of a lifecycle's state; `existence` that it is there, `deny` not even that. */
  thing(
    kind: string,
    whose: { readonly holder: string | undefined; readonly addressees: readonly string[] },
    id: string,
  ): Decision['effect']
  /** Of classes that are watched (†), as far as they were released by this one; undefined when none was. */
  released(): Released | undefined
  /** The household is in hiding, and the one who asks has nothing to do for it (R-ACC-2). */
  readonly hidesWhereabouts: boolean
  /** Another one, and the same questions may have other answers. */
  readonly signature: string
}

export type RevealTo = (principal: Principal, familyId: string) => Promise<Reveal>

const CONTENT: ReadonlySet<Decision['effect']> = new Set(['allow', 'safetyNotes'])

export const revealIn = (system: System): RevealTo => {
  const circumstances = circumstancesIn(system)
  const { views, keyring } = system

  return async (principal, familyId) => {
    const moment = await circumstances(principal, familyId)
    const asker = { ...principal, kind: principal.role as Kind }
    const watched: { decision: Decision; resource: OfFamily }[] = []
    const remembered = new Map<string, Decision>()

    const ask = (resource: OfFamily): Decision => {
      const { dataClass, holder, recordedBy, referralId } = resource
      const key = `${dataClass} ${holder} ${recordedBy === principal.staffId} ${referralId} ${resource.addressees}`
      const known = remembered.get(key)
      const decision = known ?? decide(asker, 'read', resource, moment.of(resource))
      if (!known) remembered.set(key, decision)
      return decision
    }
    const note = (decision: Decision, resource: OfFamily): void => {
      if (decision.logged) watched.push({ decision, resource })
    }

    const timeline = views.reader(familyTimeline)
    const openings = new Map<string, Entry | undefined>()
    /** The entry by which something began; each is read once. */
    const openingOf = (stream: string): Entry | undefined => {
      if (!openings.has(stream)) openings.set(stream, timeline.get(`${stream}@1`))
      return openings.get(stream)
    }
    const resources = new WeakMap<Entry, OfFamily>()
    const resourceOf = (entry: Entry): OfFamily => {
      const known = resources.get(entry) ?? findResource(entry)
      resources.set(entry, known)
      return known
    }
    const findResource = (entry: Entry): OfFamily => {
      const opening =
        entry.actor.role === 'system' || SHARED.has(entry.kind) ? openingOf(entry.stream) : undefined
      const { organizationId, staffId, role } = entry.actor
      // A register stays that of its hub, whoever corrects it; what the system notes belongs to whom it notes it for.
      const isOthers = entry.kind === 'family' && organizationId !== principal.organizationId
      const holder =
        (role === 'system' || isOthers ? opening?.actor.organizationId : undefined) ?? organizationId
      const base = { dataClass: entry.dataClass, holder, recordedBy: staffId }
      if (entry.kind === 'referral') {
        const referralId = idIn(entry.stream)
        return { ...base, referralId, addressees: moment.ends.get(referralId) ?? [] }
      }
      const named = opening?.data.recipients
      return Array.isArray(named)
        ? { ...base, addressees: [...named, opening?.actor.organizationId].filter(isText) }
        : base
    }

    const decisionOn = (entry: Entry, resource: OfFamily): Decision | undefined => {
      const decision = ask(resource)
      if (!SHOWN.has(decision.effect)) return undefined
      return decision.withhold && tellsWhereabouts(principal, entry) ? undefined : decision
    }

    return {
      signature: moment.signature,
      hidesWhereabouts: moment.hidesWhereabouts,
      entry(entry) {
        const resource = resourceOf(entry)
        const decision = decisionOn(entry, resource)
        if (!decision) return undefined
        const { effect } = decision
        const spec = specOf(entry.type)
        if (effect === 'existence' || !spec)
          return { entry: bare(entry), redacted: ['data', 'summary'], effect }

        const redacted: string[] = []
        const isShown = (dataClass: DataClass): boolean => {
          if (dataClass === entry.dataClass) return CONTENT.has(effect)
          const part = { ...resource, dataClass }
          const decided = ask(part)
          if (!CONTENT.has(decided.effect)) return false
          note(decided, part)
          return true
        }
        const isWhole = CONTENT.has(effect) && !holdsOtherClasses(spec)
        const data = isWhole
          ? entry.data
          : (trimmed(entry.data, spec.schema, entry.dataClass, isShown, '', redacted) as Entry['data'])
        const isTold = entry.toldBy === undefined || CONTENT.has(effect)
        if (!isTold) redacted.push('toldBy')
        note(decision, resource)
        const { toldBy: _, ...rest } = entry
        const kept = { ...(isTold ? entry : rest), data }
        const shown = openEntry(keyring)(decision.withhold ? withoutWhereabouts(kept) : kept)
        if (decision.withhold) redacted.push('occurredAt', 'actor.site')
        return { entry: shown, redacted, effect }
      },
      explain(entry) {
        const resource = resourceOf(entry)
        const decision = ask(resource)
        if (!decisionOn(entry, resource))
          return {
            ...decision,
            effect: 'deny',
            redacted: [],
            ...(decision.withhold && { ruleId: 'R-ACC-2' }),
          }
        const schema = specOf(entry.type)?.schema
        const redacted: string[] = []
        const isShown = (dataClass: DataClass) =>
          CONTENT.has(
            dataClass === entry.dataClass ? decision.effect : ask({ ...resource, dataClass }).effect,
          )
        if (schema && decision.effect !== 'existence')
          trimmed(entry.data, schema, entry.dataClass, isShown, '', redacted)
        return { ...decision, redacted }
      },
      hasEntry: (entry) => decisionOn(entry, resourceOf(entry)) !== undefined,
      family(row) {
        // Who belongs to a family is registered by its hub; a ward's corrections are part of that register.
        const holder = row.registeredBy ?? row.organizations[0] ?? ''
        const registration = ask({ dataClass: 'registration', holder })
        const contact = ask({ dataClass: 'contact', holder })
        const redacted: string[] = []
        const members = row.members.map(({ contact: reach, ...member }): Member => {
          const named: Member = CONTENT.has(registration.effect)
            ? member
            : { personId: member.personId, as: member.as, relation: member.relation }
          if (reach === undefined) return named
          if (CONTENT.has(contact.effect)) return { ...named, contact: reach }
          redacted.push('members.contact')
          return named
        })
        if (members.some((member) => member.contact !== undefined))
          note(contact, { dataClass: 'contact', holder })
        if (!CONTENT.has(registration.effect)) redacted.push('members.name', 'members.birthDate')
        const { card: _, ...rest } = row
        const kept = CONTENT.has(registration.effect) ? row : rest
        return { row: openFamily(keyring)({ ...kept, members }), redacted: [...new Set(redacted)] }
      },
      item: (item) => SHOWN.has(ask(resourceOfItem(item)).effect),
      thing(kind, { holder, addressees }, id) {
        const opening = openingOf(`${kind}-${id}`)
        const resource: OfFamily = {
          dataClass: classOfKind(kind),
          holder: holder ?? opening?.actor.organizationId ?? '',
          addressees,
          ...(opening && { recordedBy: opening.actor.staffId }),
          ...(kind === 'referral' && { referralId: id }),
        }
        const decision = ask(resource)
        note(decision, resource)
        return SHOWN.has(decision.effect) ? decision.effect : 'deny'
      },
      released() {
        if (watched.length === 0) return undefined
        const distinct = <T>(of: (one: (typeof watched)[number]) => T) => [...new Set(watched.map(of))]
        return {
          classes: distinct(({ resource }) => resource.dataClass),
          holders: distinct(({ resource }) => resource.holder),
          rules: distinct(({ decision }) => decision.ruleId),
          count: watched.length,
        }
      },
    }
  }
}

const resourceOfItem = ({ kind, opener, owner, receiver }: OpenItem): OfFamily => ({
  dataClass: classOfKind(kind),
  holder: opener.organizationId,
  // Being somebody's own work is not being addressed to them.
  addressees: [owner, receiver]
    .flatMap((party) => party?.organizationId ?? [])
    .filter((organization) => organization !== opener.organizationId),
  ...(opener.staffId !== undefined && { recordedBy: opener.staffId }),
})

/** Whether an open item may stand in this person's work list: what asking for it would answer. */
export const isListed = (principal: Principal, item: OpenItem): boolean => {
  const circumstances = {
    assigned: item.owner.staffId === principal.staffId,
    conflict: isInConflict(principal, item.familyId),
  }
  const asker = { ...principal, kind: principal.role as Kind }
  return SHOWN.has(decide(asker, 'read', resourceOfItem(item), circumstances).effect)
}

const SHOWN: ReadonlySet<Decision['effect']> = new Set([
  'allow',
  'summary',
  'safetyNotes',
  'masked',
  'existence',
])
/** Of these the first entry says who else has to do with them. */
const SHARED: ReadonlySet<string> = new Set(['consent', 'family'])
const isText = (value: unknown): value is string => typeof value === 'string'

/** That something exists, when, and whose it is. */
const bare = (entry: Entry): Entry => {
  const { state: _, due: __, toldBy: ___, site: ____, ...rest } = entry
  return { ...rest, type: 'Existence', data: {}, links: [] }
}

/** The data without what is sensitive and not to be shown; `■` where only that it is there may be known. */
const trimmed = (
  data: unknown,
  schema: z.core.$ZodType,
  dataClass: DataClass,
  isShown: (dataClass: DataClass) => boolean,
  field: string,
  redacted: string[],
): unknown => {
  if (data === undefined || data === null) return data
  const { sensitive } = marksOf(schema)
  if (sensitive) {
    if (isShown(sensitive.dataClass ?? dataClass)) return data
    redacted.push(field)
    return MASK
  }
  const element = elementOf(schema)
  if (element && Array.isArray(data))
    return data.map((item) => trimmed(item, element, dataClass, isShown, field, redacted))
  const shape = shapeOf(schema)
  if (!shape || typeof data !== 'object') return data
  const fields = data as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(shape).flatMap(([name, inner]) =>
      name in fields
        ? [[name, trimmed(fields[name], inner, dataClass, isShown, `${field}/${name}`, redacted)]]
        : [],
    ),
  )
}

/** Whether some field of this fact is of another class than the fact; asked for every entry, so remembered. */
const holdsOtherClasses = (spec: EventSpec): boolean => {
  const known = others.get(spec)
  if (known !== undefined) return known
  const differs = (schema: z.core.$ZodType): boolean => {
    const { sensitive } = marksOf(schema)
    if (sensitive) return (sensitive.dataClass ?? spec.dataClass) !== spec.dataClass
    const element = elementOf(schema)
    return element ? differs(element) : Object.values(shapeOf(schema) ?? {}).some(differs)
  }
  const found = differs(spec.schema)
  others.set(spec, found)
  return found
}
const others = new WeakMap<EventSpec, boolean>()

/** The class of a lifecycle is that of the fact it begins with. */
const classOfKind = (kind: string): DataClass => kinds.get(kind) ?? 'council'
const kinds: ReadonlyMap<string, DataClass> = new Map(
  lifecycles.flatMap(({ name, events }) => {
    const [first] = Object.values(events)
    return first ? [[name, first.dataClass] as const] : []
  }),
)
