import { type Decision, decide } from '#domain/access/decide.ts'
import type { Kind } from '#domain/access/grid.ts'
import type { DataClass } from '#domain/kernel/classes.ts'
import type { AnyState } from '#domain/kernel/lifecycle.ts'
import type { FamilyRow, Member } from '#projections/families.ts'
import { type Entry, NOW, specOf } from '#projections/family-timeline/entry.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import type { OpenItem } from '#projections/open-items.ts'
import type { System } from '#src/system.ts'
import { circumstancesIn, type OfFamily } from './circumstances.ts'
import { forRecipient, holdsOtherClasses, holdsPersons, trimmed } from './fields.ts'
import { holderOf } from './holder.ts'
import { SHOWN, type ShownItem, shownItem } from './listed.ts'
import { openEntry, openFamily } from './open.ts'
import type { Principal } from './principal.ts'
import { classOfKind, partOf, peopleIn, resourceOfEntry, resourceOfItem, SHARED } from './resource.ts'
import { isWhereabouts, withoutWhereabouts } from './whereabouts.ts'

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
  /** What was just read of the timeline and is about to be asked for: what began with one of these is not looked for again. */
  atHand(entries: readonly Entry[]): void
  /** How it was decided, without opening or releasing anything. */
  explain(entry: Entry): Decision & { readonly redacted: readonly string[] }
  /** Whether `entry` would give one; nothing is released by asking. */
  hasEntry(entry: Entry): boolean
  /** `isKnown`: who belongs to the family and where it is registered may be known at all. */
  family(row: FamilyRow): {
    readonly row: FamilyRow
    readonly isKnown: boolean
    readonly redacted: readonly string[]
  }
  item(item: OpenItem): ShownItem | undefined
  /** As much of a lifecycle's state as may be seen, and why; no state: that it is there. */
  thing(
    kind: string,
    id: string,
    state: AnyState,
  ): Pick<Decision, 'effect' | 'ruleId'> & { readonly state?: AnyState }
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
  const open = openEntry(keyring)

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
    const resourceOf = (entry: Entry): OfFamily => {
      const needsOpening = entry.actor.role === 'system' || SHARED.has(entry.kind)
      const opening = needsOpening ? openingOf(entry.stream) : undefined
      const ends = moment.ends.get(entry.stream.slice(entry.stream.indexOf('-') + 1))
      return resourceOfEntry(entry, opening, ends, principal.organizationId)
    }

    const decisionOn = (entry: Entry, resource: OfFamily): Decision | undefined => {
      const decision = ask(resource)
      if (!SHOWN.has(decision.effect)) return undefined
      return decision.withhold && isWhereabouts(principal, entry) ? undefined : decision
    }

    /** An auditor sees what was done, not what was said, unless the case was opened to them (R-ACC-5). */
    const readsWords = ({ effect, ruleId }: Decision): boolean =>
      CONTENT.has(effect) && (principal.role !== 'auditor' || OPENED_CASE.has(ruleId))

    /** Which fields of an entry are shown; what is watched of them is noted by `seen`. */
    const fieldsOf =
      (entry: Entry, resource: OfFamily, decision: Decision, seen: typeof note) =>
      (dataClass: DataClass, personId: string | undefined): boolean => {
        if (dataClass === entry.dataClass && personId === undefined) return readsWords(decision)
        const part = partOf(entry, resource, dataClass, personId)
        const decided = ask(part)
        if (!readsWords(decided)) return false
        seen(decided, part)
        return true
      }

    /** Who told it is told to its holder; to others with what a letter says, never with what a consent says. */
    const isTold = (entry: Entry, resource: OfFamily, decision: Decision): boolean => {
      if (!readsWords(decision)) return false
      if (resource.holder === principal.organizationId) return true
      if (entry.kind === 'referral')
        return readsWords(ask(partOf(entry, resource, 'referralContent', undefined)))
      return entry.kind !== 'consent'
    }

    const dataOf = (entry: Entry, resource: OfFamily, decision: Decision, redacted: string[]) => {
      const spec = specOf(entry.type)
      if (!spec) return {}
      const isOwn = resource.holder === principal.organizationId
      const isWhole = readsWords(decision) && !holdsOtherClasses(spec) && (isOwn || !holdsPersons(spec))
      const isShown = isWhole ? undefined : fieldsOf(entry, resource, decision, note)
      const data = isShown
        ? (trimmed(entry.data, spec.schema, entry.dataClass, isShown, '', redacted) as Entry['data'])
        : entry.data
      return entry.kind === 'consent' && !isOwn && principal.role !== 'auditor'
        ? forRecipient(data, principal.organizationId)
        : data
    }

    /** A way to what this reader may not know of tells that it is there. */
    const knownLinks = ({ links, familyId: family }: Entry, { holder }: OfFamily): Entry['links'] =>
      links.filter(({ stream }) => {
        const opening = openingOf(stream)
        if (!opening) return holder === principal.organizationId
        return opening.familyId === family && decisionOn(opening, resourceOf(opening)) !== undefined
      })

    return {
      // A family that is erased while an answer is being made is not released, either.
      signature: [
        principal.role,
        principal.organizationId,
        keyring.destroyed(familyId)?.at,
        moment.signature,
      ].join(' '),
      hidesWhereabouts: moment.hidesWhereabouts,
      entry(entry) {
        const resource = resourceOf(entry)
        const decision = decisionOn(entry, resource)
        if (!decision) return undefined
        const { effect } = decision
        if (effect === 'existence')
          return {
            entry: bare(decision.withhold ? withoutWhereabouts(entry, principal) : entry),
            redacted: ['data', 'summary'],
            effect,
          }

        const redacted: string[] = []
        const data = dataOf(entry, resource, decision, redacted)
        const links = knownLinks(entry, resource)
        const { toldBy } = entry
        const tellsWho = toldBy !== undefined && isTold(entry, resource, decision)
        if (toldBy !== undefined && !tellsWho) redacted.push('toldBy')
        note(decision, resource)
        const isWhole =
          data === entry.data && links.length === entry.links.length && (tellsWho || toldBy === undefined)
        const kept = isWhole ? entry : without(entry, tellsWho, data, links)
        const shown = open(decision.withhold ? withoutWhereabouts(kept, principal) : kept)
        if (decision.withhold) redacted.push('recordedAt', 'occurredAt', 'actor.site')
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
        const isShown = fieldsOf(entry, resource, decision, () => undefined)
        if (schema && decision.effect !== 'existence')
          trimmed(entry.data, schema, entry.dataClass, isShown, '', redacted)
        return { ...decision, redacted }
      },
      atHand(entries) {
        for (const entry of entries) if (isOpening(entry)) openings.set(entry.stream, entry)
      },
      hasEntry: (entry) => decisionOn(entry, resourceOf(entry)) !== undefined,
      family(row) {
        // Who belongs to a family is registered by its hub; a ward's corrections are part of that register.
        const holder = row.registeredBy ?? row.organizations[0] ?? ''
        const registration = ask({ dataClass: 'registration', holder })
        const isKnown = CONTENT.has(registration.effect) || registration.effect === 'masked'
        const redacted: string[] = isKnown ? [] : ['registration']
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
        const known = new Set([
          principal.organizationId,
          ...(isKnown ? [holder] : []),
          ...[...moment.ends.values()].flat(),
        ])
        const organizations =
          principal.role === 'auditor' ? row.organizations : row.organizations.filter((one) => known.has(one))
        const shown = { ...kept, organizations, members: isKnown ? members : [] }
        return { row: openFamily(keyring)(shown), isKnown, redacted: [...new Set(redacted)] }
      },
      item: (item) => shownItem(item, principal, ask(resourceOfItem(item)).effect, moment.hidesWhereabouts),
      thing(kind, id, state) {
        const { holder, addressees } = holderOf(state)
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
        const { effect, ruleId } = decision
        if (!SHOWN.has(effect)) return { effect: 'deny', ruleId }
        note(decision, resource)
        if (effect === 'existence') return { effect, ruleId }
        const isWhole = effect === 'allow' && !decision.withhold
        if (!isWhole) return { effect, ruleId, state: { status: state.status } }
        const isOthers = resource.holder !== principal.organizationId && principal.role !== 'auditor'
        const isTrimmed = kind === 'consent' && isOthers
        return { effect, ruleId, state: isTrimmed ? scopeForRecipient(state, principal) : state }
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

/** Rules by which a case was opened to an auditor. */
const OPENED_CASE: ReadonlySet<string> = new Set(['R-ACC-5', '4.6/council/auditor'])

const scopeForRecipient = (state: AnyState & { readonly scope?: object }, { organizationId }: Principal) =>
  state.scope ? { ...state, scope: forRecipient({ ...state.scope }, organizationId) } : state

/** The row of the timeline that `openingOf` would look for: no older wording, and nothing that another event implies. */
const isOpening = ({ version, knownUntil, implied }: Entry): boolean =>
  version === 1 && knownUntil === NOW && !implied

const without = (
  { toldBy, ...rest }: Entry,
  tellsWho: boolean,
  data: Entry['data'],
  links: Entry['links'],
): Entry => ({ ...rest, ...(tellsWho && toldBy !== undefined && { toldBy }), data, links })

/** That something exists, when, and whose it is. */
const bare = (entry: Entry): Entry => {
  const { state: _, due: __, toldBy: ___, site: ____, ...rest } = entry
  return { ...rest, type: 'Existence', data: {}, links: [] }
}
