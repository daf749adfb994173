import { type Decision, decide } from '#domain/access/decide.ts'
import type { Kind } from '#domain/access/grid.ts'
import type { DataClass } from '#domain/kernel/classes.ts'
import { idIn } from '#domain/kernel/event.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import type { FamilyRow, Member } from '#projections/families.ts'
import type { Entry } from '#projections/family-timeline/entry.ts'
import { specOf } from '#projections/family-timeline/entry.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import type { OpenItem } from '#projections/open-items.ts'
import type { ReferralRow } from '#projections/referrals.ts'
import type { System } from '#src/system.ts'
import { isAssigning } from './assigned.ts'
import { circumstancesIn, type OfFamily } from './circumstances.ts'
import { holdsOtherClasses, holdsPersons, personFields, trimmed } from './fields.ts'
import { openEntry, openFamily } from './open.ts'
import { isInConflict, type Principal } from './principal.ts'
import { tellsWhereabouts, withoutWhereabouts } from './whereabouts.ts'

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
  /** How much of a lifecycle's state, and why; `existence` that it is there, `deny` not even that. */
  thing(
    kind: string,
    whose: { readonly holder: string | undefined; readonly addressees: readonly string[] },
    id: string,
  ): Pick<Decision, 'effect' | 'ruleId'>
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
      const { dataClass, holder, recordedBy, referralId, people, ownOnly } = resource
      const isMine = recordedBy === principal.staffId
      const key = `${dataClass} ${holder} ${isMine} ${referralId} ${resource.addressees} ${people} ${ownOnly}`
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
      const people = peopleIn(entry)
      const base = { dataClass: entry.dataClass, holder, recordedBy: staffId, ...(people && { people }) }
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
        const isShown = (dataClass: DataClass, personId: string | undefined): boolean => {
          if (dataClass === entry.dataClass && personId === undefined) return CONTENT.has(effect)
          const part = partOf(entry, resource, dataClass, personId)
          const decided = ask(part)
          if (!CONTENT.has(decided.effect)) return false
          note(decided, part)
          return true
        }
        const isOwn = resource.holder === principal.organizationId
        const isWhole = CONTENT.has(effect) && !holdsOtherClasses(spec) && (isOwn || !holdsPersons(spec))
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
        const isShown = (dataClass: DataClass, personId: string | undefined) =>
          CONTENT.has(
            dataClass === entry.dataClass && personId === undefined
              ? decision.effect
              : ask(partOf(entry, resource, dataClass, personId)).effect,
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
        const redacted: string[] = []
        const members = row.members.map(({ contact: reach, ...member }): Member => {
          const { personId, as, relation } = member
          const about = { holder, people: [personId] }
          const isNamed = CONTENT.has(ask({ ...about, dataClass: 'registration' }).effect)
          if (!isNamed) redacted.push('members.name', 'members.birthDate')
          const named: Member = isNamed ? member : { personId, as, relation }
          if (reach === undefined) return named
          const contact: OfFamily = { ...about, dataClass: 'contact' }
          const decision = ask(contact)
          if (!CONTENT.has(decision.effect)) {
            redacted.push('members.contact')
            return named
          }
          note(decision, contact)
          return { ...named, contact: reach }
        })
        const { card: _, ...rest } = row
        const kept = CONTENT.has(registration.effect) ? row : rest
        return { row: openFamily(keyring)({ ...kept, members }), redacted: [...new Set(redacted)] }
      },
      item: (item) => SHOWN.has(ask(resourceOfItem(item)).effect),
      thing(kind, { holder, addressees }, id) {
        const opening = openingOf(`${kind}-${id}`)
        const people = opening && peopleIn(opening)
        const resource: OfFamily = {
          dataClass: classOfKind(kind),
          holder: holder ?? opening?.actor.organizationId ?? '',
          addressees,
          ...(opening && { recordedBy: opening.actor.staffId }),
          ...(people && { people }),
          ...(kind === 'referral' && { referralId: id }),
        }
        const decision = ask(resource)
        note(decision, resource)
        return SHOWN.has(decision.effect) ? decision : { effect: 'deny', ruleId: decision.ruleId }
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
export const isListed = (principal: Principal, item: OpenItem): boolean =>
  mayStand(principal, resourceOfItem(item), item.familyId, isAssigning(item, principal))

/** The same of a referral that was sent. `openedBy`: staff id of whoever began it. */
export const isReferralListed = (
  principal: Principal,
  { familyId, from, to, assignee }: ReferralRow,
  openedBy: string | undefined,
): boolean =>
  mayStand(
    principal,
    {
      dataClass: classOfKind('referral'),
      holder: from,
      addressees: to === undefined ? [] : [to],
      ...(openedBy !== undefined && { recordedBy: openedBy }),
    },
    familyId,
    assignee === principal.staffId,
  )

const mayStand = (
  principal: Principal,
  resource: OfFamily,
  familyId: string | undefined,
  assigned: boolean,
): boolean => {
  const circumstances = { assigned, conflict: isInConflict(principal, familyId) }
  const asker = { ...principal, kind: principal.role as Kind }
  return SHOWN.has(decide(asker, 'read', resource, circumstances).effect)
}

const SHOWN: ReadonlySet<Decision['effect']> = new Set([
  'allow',
  'summary',
  'safetyNotes',
  'masked',
  'existence',
])
/** One field of an entry: its class and the person whom it is about may be others than the entry's. */
const partOf = (
  { dataClass: ofEntry, kind }: Entry,
  { people, ...resource }: OfFamily,
  dataClass: DataClass,
  personId: string | undefined,
): OfFamily => ({
  ...resource,
  dataClass,
  ...(personId === undefined ? people && { people } : { people: [personId] }),
  ...(kind === 'consent' && dataClass !== ofEntry && { ownOnly: true as const }),
})

/** Of these the first entry says who else has to do with them. */
const SHARED: ReadonlySet<string> = new Set(['consent', 'family'])
const isText = (value: unknown): value is string => typeof value === 'string'

/** That something exists, when, and whose it is. */
const bare = (entry: Entry): Entry => {
  const { state: _, due: __, toldBy: ___, site: ____, ...rest } = entry
  return { ...rest, type: 'Existence', data: {}, links: [] }
}

/** Persons whom a fact as a whole is about: those its own fields name. Who a letter or a consent is about was asked for when it was made. */
const peopleIn = ({ type, kind, data }: Entry): readonly string[] | undefined => {
  const fields = CROSSES_BY_ITSELF.has(kind) ? [] : personFields(type)
  const people = fields.flatMap((field) => data[field] ?? []).filter(isText)
  return people.length === 0 ? undefined : people
}
const CROSSES_BY_ITSELF: ReadonlySet<string> = new Set(['referral', 'consent'])

/** The class of a lifecycle is that of the fact it begins with. */
const classOfKind = (kind: string): DataClass => kinds.get(kind) ?? 'council'
const kinds: ReadonlyMap<string, DataClass> = new Map(
  lifecycles.flatMap(({ name, events }) => {
    const [first] = Object.values(events)
    return first ? [[name, first.dataClass] as const] : []
  }),
)
