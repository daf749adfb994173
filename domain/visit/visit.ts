import { z } from 'zod'
import { recordReason, visitPurpose } from '#domain/codes/lists.ts'
import { FamilyId, SiteId } from '#domain/ids.ts'
import { type Context, commandsOn, firstRefusal, lifecycleOf, look } from '#domain/kernel/lifecycle.ts'
import { clockTime, codeOf, date, text } from '#domain/kernel/schema.ts'
import { hub } from '#domain/roles.ts'
import { ChildMet, type VisitEvent, visitEvents } from './events.ts'
import {
  childIsBorn,
  recordedByUs,
  saysOneDate,
  siteIsKnown,
  siteIsOurs,
  somebodyCame,
  staysInOrder,
} from './guards.ts'
import { Children, corrected, headsIn, leavesAfterArriving, party, type VisitData, Visitor } from './party.ts'
import { siteStanding } from './site-standing.ts'

type Visit =
  | { readonly status: 'none' }
  | {
      readonly status: 'recorded' | 'corrected'
      readonly organizationId: string
      readonly visit: Omit<VisitData, 'childAdded'>
    }
  | { readonly status: 'annulled'; readonly organizationId: string; readonly familyId?: string | undefined }

const command = commandsOn<Visit, VisitEvent>()

const RecordVisit = command({
  summary: 'Someone came. No purpose, time, name or family has to be known.',
  from: ['none'],
  by: hub,
  schema: z
    .strictObject({
      site: SiteId.optional().describe('The site of the one who records, unless said.'),
      date: date().optional().describe('The same as `occurredOn`.'),
      familyId: FamilyId.optional(),
      visitors: z.array(Visitor).max(50).default([]),
      children: Children.default(0),
      childAdded: ChildMet.optional().describe('A child that the hub first learns of at this visit.'),
      purposes: z.array(codeOf(visitPurpose)).max(20).default(['unknown']),
      arrivedAt: clockTime().optional(),
      leftAt: clockTime().optional(),
    })
    .refine((visit) => headsIn(visit) > 0, {
      path: ['visitors'],
      message: 'nobody came',
      params: { code: 'nobody_came' },
    })
    .refine(leavesAfterArriving, {
      path: ['leftAt'],
      message: 'before the arrival',
      params: { code: 'ends_before_start' },
    })
    .refine((visit) => !visit.childAdded || visit.familyId, {
      path: ['familyId'],
      message: 'needed to add a child to its family',
    }),
  emits: ['VisitRecorded'],
  looksAt: ({ site }, _, { siteId }) => ({ site: look(siteStanding, site ?? siteId ?? 'none') }),
  decide: (_, { date: on, site, childAdded, ...rest }, context) =>
    firstRefusal(
      saysOneDate(on, context),
      siteIsKnown(context.seen.site),
      siteIsOurs(context.seen.site, context),
      childIsBorn(childAdded?.birthDate, context),
    ) ?? [
      {
        type: 'VisitRecorded',
        data: { ...party(rest), site: siteOf(site, context), ...(childAdded && { childAdded }) },
      },
    ],
})

const CorrectVisit = command({
  summary: 'What was recorded is not what happened. Only the fields given are changed.',
  from: ['recorded', 'corrected'],
  by: hub,
  schema: z
    .strictObject({
      reason: codeOf(recordReason),
      note: text(500).optional(),
      site: SiteId.optional(),
      familyId: FamilyId.nullable()
        .optional()
        .describe('`null`: not this family; the visit stays and counts.'),
      visitors: z.array(Visitor).max(50).optional(),
      children: Children.optional(),
      purposes: z.array(codeOf(visitPurpose)).max(20).optional(),
      arrivedAt: clockTime().optional(),
      leftAt: clockTime().optional(),
    })
    .refine(leavesAfterArriving, {
      path: ['leftAt'],
      message: 'before the arrival',
      params: { code: 'ends_before_start' },
    }),
  emits: ['VisitCorrected'],
  looksAt: ({ site }, state) => ({ site: look(siteStanding, site ?? state.visit.site) }),
  decide(state, { reason, note, familyId, ...changes }, context) {
    const after = corrected(state.visit, changes)
    const family = familyId === undefined ? state.visit.familyId : familyId
    return (
      firstRefusal(
        recordedByUs(state, context),
        siteIsKnown(context.seen.site),
        siteIsOurs(context.seen.site, context),
        somebodyCame(after),
        staysInOrder(after),
      ) ?? [
        {
          type: 'VisitCorrected',
          data: {
            ...after,
            site: changes.site ?? state.visit.site,
            familyId: family ?? null,
            reason,
            ...(note !== undefined && { note }),
          },
        },
      ]
    )
  },
})

const AnnulVisit = command({
  summary: 'This should never have been recorded. It stays in the log and leaves every view and count.',
  from: ['recorded', 'corrected'],
  by: hub,
  schema: z.strictObject({ reason: codeOf(recordReason), note: text(500).optional() }),
  emits: ['VisitAnnulled'],
  decide: (state, data, context) => recordedByUs(state, context) ?? [{ type: 'VisitAnnulled', data }],
})

/** 来所: dossier 2.1, R-VIS-1…5. One party, one site, one day; whether two records are the same party is for the counting. */
export const visit = lifecycleOf<Visit, VisitEvent>()({
  name: 'visit',
  collection: 'visits',
  titleJa: '来所',
  events: visitEvents,
  initial: { status: 'none' },
  refusals: {
    'visit/two-dates': ['`date` and the time of occurrence name different days.', 400],
    'visit/unknown-site': ['This site is not in the directory; name one in `site`.', 400],
    'visit/not-your-site': ['The site belongs to another organisation.', 403],
    'visit/child-born-later': ['The child was born after this visit.', 400],
    'visit/nobody-came': ['A visit needs at least one person.', 400],
    'visit/leaves-before-arriving': ['The visit ends before it begins.', 400],
    'visit/recorded-by-another-hub': ['Only the hub that recorded the visit can change it.', 404],
  },
  familyOf: (state) =>
    state.status === 'none' ? undefined : state.status === 'annulled' ? state.familyId : state.visit.familyId,
  evolve: {
    VisitRecorded: (_, { childAdded, ...data }, { actor }) => ({
      status: 'recorded',
      organizationId: actor.organizationId,
      visit: data,
    }),
    VisitCorrected: (state, { reason, note, familyId, ...data }) =>
      state.status === 'none'
        ? state
        : {
            status: 'corrected',
            organizationId: state.organizationId,
            visit: { ...data, ...(familyId && { familyId }) },
          },
    VisitAnnulled: (state) =>
      state.status === 'none'
        ? state
        : {
            status: 'annulled',
            organizationId: state.organizationId,
            familyId: state.status === 'annulled' ? state.familyId : state.visit.familyId,
          },
  },
  commands: { RecordVisit, CorrectVisit, AnnulVisit },
})

const siteOf = (site: SiteId | undefined, { actor }: Context) => site ?? SiteId.parse(actor.siteId)
