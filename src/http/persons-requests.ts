import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { catalogue } from '#domain/events.ts'
import { protection } from '#domain/family/protection.ts'
import {
  type Catalogue,
  categoryOf,
  type Recorded,
  type StreamName,
  streamName,
} from '#domain/kernel/event.ts'
import { StoreUnavailable } from '#domain/kernel/event-store.ts'
import { foldOf } from '#domain/kernel/lifecycle.ts'
import type { Role } from '#domain/kernel/metadata.ts'
import { correctionRequest } from '#domain/persons-request/correction-request.ts'
import { disclosureRequest } from '#domain/persons-request/disclosure-request.ts'
import type { ExportEntry } from '#domain/persons-request/export.ts'
import { classAt } from '#domain/persons-request/field-class.ts'
import { classesIn, isAnyShown, partShown, shownBy } from '#domain/persons-request/shown.ts'
import { type Recipient, type Sources, whoGot } from '#domain/persons-request/who-got.ts'
import { accessLog } from '#projections/access-log.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { EVERYBODY } from '#projections/referral-feed.ts'
import { subscriptions } from '#projections/subscriptions.ts'
import { mayKnow } from '#src/access/holder.ts'
import { actorOf, isInConflict, type Principal } from '#src/access/principal.ts'
import type { Released } from '#src/access/reveal.ts'
import type { System } from '#src/system.ts'
import type { Handled } from '#src/write/handle.ts'
import { notForThem, notFound, principalOf, type Shop } from './context.ts'
import { sendProblem } from './problem.ts'
import { type ReadRoute, readRoute } from './routes.ts'

/** Who prepares what is handed over (dossier 4.7). */
const preparers: readonly Role[] = ['hubPartner', 'hubDirector', 'wardManager']
const CATCH_UP_MS = 5_000

/** From the access log: who opened a family's records, and where they work. What was refused was shown to nobody. */
const sourcesIn = ({ views }: Pick<System, 'views'>): Sources => {
  const shownOf = (familyId: string) =>
    views
      .reader(accessLog)
      .list({ where: { family: familyId, shown: 1 } })
      .map(({ classes, ...row }) => ({ ...row, dataClasses: classes }))
  return {
    disclosuresOf: shownOf,
    openedOf: shownOf,
    // The feed carries no field that a person could have corrected.
    // The two ends are told as such; whoever takes everybody's is told here, whatever their filter.
    subscribersOf: () =>
      views
        .reader(subscriptions)
        .list({})
        .filter(({ feed }) => feed === EVERYBODY)
        .map(({ organization }) => organization),
  }
}

/** What a decision on a request needs to be carried out: what is handed over, and who has to be told. */
export const personsRequestRoutes = (shop: Shop): readonly ReadRoute[] => [
  exportRoute(shop),
  recipientsRoute(shop, sourcesIn(shop.system)),
]

const exportRoute = (shop: Shop): ReadRoute =>
  readRoute({
    path: '/v1/disclosure-requests/{id}/export',
    operationId: 'ExportDisclosure',
    summary:
      'What was decided to be shown, each field by itself; withheld ones with their ground (R-PRI-13).',
    by: preparers,
    query: z.strictObject({}),
    answer: {
      type: 'object',
      required: ['id', 'decision', 'entries'],
      properties: {
        id: { type: 'string', format: 'uuid' },
        decision: { type: 'string' },
        ground: { type: 'string' },
        entries: { type: 'array', items: { type: 'object' } },
      },
    },
    handle({ params }, request, reply) {
      const id = idOf(params)
      if (id === undefined) return notFound(request, reply)
      return lookedAtTwice(shop, request, reply, (principal) => lookAtExport(shop, principal, id))
    },
  })

/** One look: an answer, with what has to be written down before it leaves; or why there is none. */
type Look =
  | { readonly answer: object; readonly familyId: string; readonly released?: Released }
  | { readonly instead: (request: FastifyRequest, reply: FastifyReply) => unknown }

/** How often an answer is made anew because it has become another one while it was made. */
const ATTEMPTS = 5

/**
 * Who looks is written down; then everything is asked once more, of whoever the caller is now, and what leaves is the second
 * answer. Another one than the first, or another reader: it is written down anew.
 */
const lookedAtTwice = async (
  { accessLog: log, identify }: Shop,
  request: FastifyRequest,
  reply: FastifyReply,
  look: (principal: Principal) => Promise<Look>,
): Promise<unknown> => {
  let principal = principalOf(request)
  let first = await look(principal)
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    if ('instead' in first) return first.instead(request, reply)
    const { familyId, released, answer } = first
    if (!released) return answer
    await log.viewed({
      principal,
      familyId,
      purpose: 'personsRequest',
      route: request.routeOptions.url ?? '',
      released,
      requestId: request.id,
    })
    const who = await identify(request.headers.authorization)
    if (typeof who === 'string' || !preparers.includes(who.role)) return notFound(request, reply)
    const second = await look(who)
    if (isTheSame([actorOf(principal), first], [actorOf(who), second])) return answer
    principal = who
    first = second
  }
  return sendProblem(request, reply, { status: 503, code: 'service/unavailable', retryAfter: 1 })
}

const isTheSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

const lookAtExport = async (shop: Shop, principal: Principal, id: string): Promise<Look> => {
  const { state } = await shop.system.view(disclosureFold, id)
  if (state.status === 'none') return { instead: notFound }
  const { familyId, organizationId: holder } = state
  if (!(await isTheirs(shop, principal, disclosureRequest, state)))
    return { instead: (request, reply) => notForThem(request, reply, anothers(principal, state)) }
  if (!('outcome' in state)) return { instead: notDecided(state) }
  const { outcome, ground } = state
  const decided = { id, decision: outcome, ...(ground !== undefined && { ground }) }
  // Without looking: whether there is something or not, the answer is the same (81条).
  if (outcome === 'refused' || outcome === 'existenceNotAnswered')
    return { answer: { ...decided, entries: [] }, familyId }
  const facts = await factsOfFamily(shop.system, familyId)
  const { isProtected } = (await shop.system.view(protection, familyId)).state
  const entries = shownBy(facts, catalogue, streamName(disclosureRequest.name, id), isProtected)
  const classes = classesIn(entries, facts, catalogue)
  const count = entries.filter((entry) => 'items' in entry).length
  const released = { classes, holders: [holder], rules: ['R-PRI-13'], count }
  return { answer: { ...decided, entries }, familyId, ...(count > 0 && { released }) }
}

const notDecided =
  ({ status: state }: { readonly status: string }) =>
  (request: FastifyRequest, reply: FastifyReply) =>
    sendProblem(request, reply, {
      status: 409,
      code: 'disclosure-request/not-decided',
      title: 'It has not been decided what is shown.',
      state,
    })

const recipientsRoute = (shop: Shop, sources: Sources): ReadRoute =>
  readRoute({
    path: '/v1/correction-requests/{id}/recipients',
    operationId: 'ReadCorrectionRecipients',
    summary:
      'Everybody who got the wrong value: as it stands now, or as it was pinned by the decision (R-PRI-14).',
    by: preparers,
    query: z.strictObject({}),
    answer: {
      type: 'object',
      required: ['id', 'pinned', 'recipients'],
      properties: {
        id: { type: 'string', format: 'uuid' },
        pinned: { type: 'boolean' },
        recipients: { type: 'array', items: { type: 'object' } },
      },
    },
    async handle({ params }, request, reply) {
      const principal = principalOf(request)
      const id = idOf(params)
      const state = id && (await shop.system.view(correctionFold, id)).state
      if (!state || state.status === 'none') return notFound(request, reply)
      if (!(await isTheirs(shop, principal, correctionRequest, state)))
        return notForThem(request, reply, anothers(principal, state))
      if (!('recipients' in state))
        return { id, pinned: false, recipients: await recipientsNow(shop.system, sources, state) }
      const { recipients, untold, personId } = state
      const all: readonly Partial<Recipient>[] = [
        { personId },
        ...recipients.filter((one) => one.personId !== personId),
      ]
      const isTold = (one: Partial<Recipient>) =>
        !untold.includes(one.staffId ?? one.organizationId ?? one.personId ?? '')
      return { id, pinned: true, recipients: all.map((one) => ({ ...one, told: isTold(one) })) }
    },
  })

const disclosureFold = foldOf(disclosureRequest)
const correctionFold = foldOf(correctionRequest)

const UUID = z.guid().toLowerCase()
const idOf = ({ id }: Readonly<Record<string, string>>): string | undefined => UUID.safeParse(id).data

type Asked = { readonly familyId: string; readonly organizationId: string }
const anothers = (principal: Principal, { familyId, organizationId: holder }: Asked) => ({
  rule: isInConflict(principal, familyId) ? 'R-ACC-3' : 'relation',
  familyId,
  holder,
})

/** Only of the organisation that decides; of another's request nobody learns that it is there. */
const isTheirs = async (
  { relation }: Shop,
  principal: Principal,
  lifecycle: Parameters<typeof mayKnow>[1],
  state: { readonly status: string; readonly familyId: string },
): Promise<boolean> =>
  mayKnow(principal, lifecycle, state) && (await relation.mayRead(principal, state.familyId))

/** Every fact of every stream that has to do with the family, in log order; the streams are found on its timeline. */
const factsOfFamily = async (
  { store, decode, views, projector }: System,
  familyId: string,
): Promise<readonly Recorded[]> => {
  if (!(await projector.reached(await store.head(), CATCH_UP_MS)))
    throw new StoreUnavailable('the timeline is behind the log')
  const entries = views.reader(familyTimeline).list({ where: { family: familyId } })
  const streams = new Set(entries.map(({ stream }) => stream))
  const facts = (await Promise.all([...streams].map((stream) => store.read(stream)))).flat()
  return facts.map(decode).sort((a, b) => (a.position < b.position ? -1 : 1))
}

type Disputed = { readonly familyId: string; readonly eventId: string; readonly field: string }

const recipientsNow = async (
  system: System,
  sources: Sources,
  { familyId, eventId, field }: Disputed,
): Promise<readonly Recipient[]> => {
  const facts = await factsOfFamily(system, familyId)
  const spec = (catalogue as Catalogue)[facts.find(({ id }) => id === eventId)?.type ?? '']
  const hadIt = (request: StreamName) => isAnyShown(handedOver(facts, request), eventId, field)
  const wrong = { eventId, field, until: system.now(), ...(spec && { dataClass: classAt(spec, field) }) }
  return whoGot(facts, wrong, { ...sources, hadIt })
}

/** What was given to the person: under a protection, as it was at that time. */
const handedOver = (facts: readonly Recorded[], request: StreamName): readonly ExportEntry[] => {
  const given = facts.find(({ stream, type }) => stream === request && type === 'DisclosureProvided')
  const { isProtected } = facts
    .filter(
      ({ stream, position }) =>
        categoryOf(stream) === protection.category && position < (given?.position ?? 0n),
    )
    .reduce((before, fact) => protection.evolve(before, fact, fact.metadata), protection.initial)
  return given ? shownBy(facts, catalogue, request, isProtected) : []
}

/**
 * Fills in what only the log can say before a command is decided: which entry a correction is about, and everybody who got the
 * wrong value. What the client said about either is dropped. A repeated decision finds the list it had pinned.
 */
export const withTheLog =
  (system: System, handle: Handled, sources: Sources = sourcesIn(system)): Handled =>
  async (incoming) => {
    const { door, body, principal, id } = incoming
    const isAsked = door.lifecycle.name === correctionRequest.name && door.spec.by.includes(principal.role)
    // What does not fit its schema is refused as it came.
    if (!isAsked || !door.body.safeParse(body).success) return handle(incoming)
    const said = body as Readonly<Record<string, unknown>>
    if (door.name === 'RequestCorrection') {
      const { entry: _, ...rest } = said
      return handle({ ...incoming, body: { ...rest, ...(await entryIn(system, principal, rest)) } })
    }
    if (door.name !== 'DecideCorrection') return handle(incoming)
    const { recipients: _, ...rest } = said
    const recipients = await pinned(system, sources, principal, id, rest.outcome)
    return handle({ ...incoming, body: { ...rest, recipients } })
  }

const Named = z.object({
  familyId: UUID,
  personId: UUID,
  disclosureId: UUID,
  eventId: UUID,
  field: z.string(),
})

/** The entry as it was shown to this person; nothing where it was not, or the disclosure was another's. */
const entryIn = async (system: System, { organizationId }: Principal, said: unknown) => {
  const { data: named } = Named.safeParse(said)
  if (!named) return {}
  const { state } = await system.view(disclosureFold, named.disclosureId)
  const { familyId, personId, disclosureId, eventId, field } = named
  if (state.status !== 'provided' || state.familyId !== familyId) return {}
  if (state.personId !== personId || state.organizationId !== organizationId) return {}
  const facts = await factsOfFamily(system, familyId)
  const entries = handedOver(facts, streamName(disclosureRequest.name, disclosureId))
  const part = partShown(entries, eventId, field)
  const fact = facts.find(({ id }) => id === eventId)
  return fact && part ? { entry: { stream: fact.stream, type: fact.type, part } } : {}
}

const pinned = async (
  system: System,
  sources: Sources,
  principal: Principal,
  id: string,
  outcome: unknown,
): Promise<readonly Recipient[]> => {
  const key = UUID.safeParse(id).data
  const state = key && (await system.view(correctionFold, key)).state
  if (!state || state.status === 'none' || outcome === 'refused') return []
  if (!mayKnow(principal, correctionRequest, state)) return []
  return 'recipients' in state ? state.recipients : recipientsNow(system, sources, state)
}
