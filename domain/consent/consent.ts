import { z } from 'zod'
import { fiscalYear } from '#domain/calendar/age.ts'
import { consentMethod } from '#domain/codes/lists.ts'
import { FamilyId, PersonId } from '#domain/ids.ts'
import {
  type Context,
  commandsOn,
  firstRefusal,
  lifecycleOf,
  look,
  refuse,
} from '#domain/kernel/lifecycle.ts'
import { baseCode, codeOf, date, text } from '#domain/kernel/schema.ts'
import { addDays } from '#domain/kernel/time.ts'
import { caseworkers, system } from '#domain/roles.ts'
import { type ConsentEvent, consentEvents, scopeShape } from './events.ts'
import { type FamilyView, familyView } from './family-view.ts'

type Scope = {
  readonly recipients: readonly string[]
  readonly dataClasses: readonly string[]
  readonly people: readonly string[]
  readonly until: string
}

type Consent =
  | { readonly status: 'none' }
  | { readonly status: 'declined'; readonly familyId: string; readonly sender: string }
  | {
      readonly status: 'active' | 'withdrawn' | 'expired'
      readonly familyId: string
      readonly sender: string
      readonly from: string
      readonly scope: Scope
    }

const command = commandsOn<Consent, ConsentEvent>()

const GiveConsent = command({
  summary: 'A person agrees that certain data about certain people go to certain recipients until a date.',
  from: ['none'],
  by: caseworkers,
  schema: z
    .strictObject({
      ...scopeShape,
      familyId: FamilyId,
      purpose: text(500).optional(),
      method: codeOf(consentMethod),
      givenBy: PersonId.optional().describe('Who said yes.'),
      heardBy: text(100).optional().describe('Oral consent: who heard it.'),
      words: text(1_000).optional().describe('Oral consent: the words used.'),
      from: date().optional(),
      until: date()
        .optional()
        .describe('12 months unless said; at most the end of the fiscal year after next.'),
    })
    .refine(({ from, until }) => !from || !until || from <= until, {
      path: ['until'],
      message: 'before `from`',
      params: { code: 'ends_before_start' },
    }),
  emits: ['ConsentGiven'],
  looksAt: ({ familyId }) => ({ family: look(familyView, familyId) }),
  decide(_, { from, until, ...data }, { occurredOn, actor, seen }) {
    const start = from ?? occurredOn
    const end = until ?? aYearFrom(start)
    return (
      firstRefusal(
        endsInTime(start, end),
        adultsSpeakForThemselves(seen.family, data.people, data.givenBy),
      ) ?? [
        {
          type: 'ConsentGiven',
          data: {
            ...data,
            sender: scopeShape.recipients.element.parse(actor.organizationId),
            from: start,
            until: end,
            ...(baseCode(data.method) === 'oral' && { confirmInWritingBy: addDays(occurredOn, 30) }),
          },
        },
      ]
    )
  },
})

const DeclineConsent = command({
  summary: 'The person said no. Kept, so that nobody asks again tomorrow.',
  from: ['none'],
  by: caseworkers,
  schema: z.strictObject({
    ...scopeShape,
    familyId: FamilyId,
    purpose: text(500).optional(),
    words: text(1_000).optional(),
  }),
  emits: ['ConsentDeclined'],
  decide: (_, data) => [{ type: 'ConsentDeclined', data }],
})

const NarrowConsent = command({
  summary: 'Less than before: fewer recipients, data or people, or an earlier end. From now on only.',
  from: ['active'],
  by: caseworkers,
  schema: z.strictObject({
    recipients: scopeShape.recipients.optional(),
    dataClasses: scopeShape.dataClasses.optional(),
    people: scopeShape.people.optional(),
    until: date().optional(),
  }),
  emits: ['ConsentNarrowed'],
  decide(state, data, context) {
    const { scope } = state
    return (
      firstRefusal(
        isOurs(state, context),
        within(data.recipients, scope.recipients, '/recipients'),
        within(data.dataClasses, scope.dataClasses, '/dataClasses'),
        within(data.people, scope.people, '/people'),
        notLater(data.until, scope.until),
      ) ??
      (narrows(data, scope)
        ? [
            {
              type: 'ConsentNarrowed',
              data: {
                recipients: data.recipients ?? scopeShape.recipients.parse(scope.recipients),
                dataClasses: data.dataClasses ?? [...scope.dataClasses],
                people: data.people ?? scopeShape.people.parse(scope.people),
                until: data.until ?? scope.until,
              },
            },
          ]
        : [])
    )
  },
})

const WithdrawConsent = command({
  summary: 'Taken back: nothing new is shared from now on. What was lawfully done stays (R-PRI-5).',
  from: ['active'],
  by: caseworkers,
  schema: z.strictObject({ reason: text(500).optional() }),
  emits: ['ConsentWithdrawn'],
  decide: (state, data, context) => isOurs(state, context) ?? [{ type: 'ConsentWithdrawn', data }],
})

const ExpireConsent = command({
  summary: 'The last day has passed.',
  from: ['active', 'withdrawn', 'expired'],
  by: system,
  schema: z.strictObject({ until: date() }),
  emits: ['ConsentExpired'],
  decide: (state, { until }, { occurredOn }) =>
    state.status === 'active' && state.scope.until === until && occurredOn > until
      ? [{ type: 'ConsentExpired', data: { until } }]
      : [],
})

/** 本人同意: dossier 3.8 and 4.3. Support never depends on it (R-PRI-7). */
export const consent = lifecycleOf<Consent, ConsentEvent>()({
  name: 'consent',
  collection: 'consents',
  titleJa: '同意',
  events: consentEvents,
  initial: { status: 'none' },
  refusals: {
    'consent/too-long': ['A consent ends with the fiscal year after next at the latest.', 400],
    'consent/one-adult-for-another': 'One adult does not consent for another adult (R-PRI-3).',
    'consent/not-narrower': ['Narrowing can only take away; a wider scope is a new consent.', 400],
    'consent/another-organization': ['This consent was given to another organisation.', 404],
  },
  familyOf: (state) => (state.status === 'none' ? undefined : state.familyId),
  evolve: {
    ConsentGiven: (_, { familyId, sender, from, recipients, dataClasses, people, until }) => ({
      status: 'active',
      familyId,
      sender,
      from,
      scope: { recipients, dataClasses, people, until },
    }),
    ConsentDeclined: (_, { familyId }, { actor }) => ({
      status: 'declined',
      familyId,
      sender: actor.organizationId,
    }),
    ConsentNarrowed: (state, scope) => (hasScope(state) ? { ...state, scope } : state),
    ConsentWithdrawn: (state) => (hasScope(state) ? { ...state, status: 'withdrawn' } : state),
    ConsentExpired: (state) => (hasScope(state) ? { ...state, status: 'expired' } : state),
  },
  commands: { GiveConsent, DeclineConsent, NarrowConsent, WithdrawConsent, ExpireConsent },
})

type Scoped = Extract<Consent, { scope: Scope }>
const hasScope = (state: Consent): state is Scoped => 'scope' in state

/** The day before the same date a year later. */
const aYearFrom = (day: string): string =>
  addDays(`${Number(day.slice(0, 4)) + 1}${sameDayNextYear(day)}`, -1)
const sameDayNextYear = (day: string): string => (day.slice(5) === '02-29' ? '-03-01' : day.slice(4))

const endsInTime = (from: string, until: string) => {
  if (until < from) return refuse('consent/too-long', 'It ends before it begins.', '/until')
  const latest = `${fiscalYear(from) + 3}-03-31`
  return until > latest ? refuse('consent/too-long', `At most until ${latest}.`, '/until') : undefined
}

/** Two adults need two consents, even where nobody wrote down who gave this one. */
const adultsSpeakForThemselves = (
  { adults }: FamilyView,
  people: readonly string[],
  givenBy: string | undefined,
) => {
  const spokenFor = people.filter((person) => adults.includes(person) && person !== givenBy)
  return spokenFor.length > (givenBy === undefined ? 1 : 0)
    ? refuse('consent/one-adult-for-another', 'Ask the other adult.', '/people')
    : undefined
}

const isOurs = (state: Scoped, { actor }: Context) =>
  state.sender === actor.organizationId
    ? undefined
    : refuse('consent/another-organization', 'No such consent here.')

const within = (narrower: readonly string[] | undefined, wider: readonly string[], pointer: string) =>
  narrower === undefined || narrower.every((item) => wider.includes(item))
    ? undefined
    : refuse('consent/not-narrower', 'Name only what was included before.', pointer)

const narrows = (to: { readonly [K in keyof Scope]?: Scope[K] | undefined }, from: Scope): boolean =>
  (to.until !== undefined && to.until < from.until) ||
  (['recipients', 'dataClasses', 'people'] as const).some((part) =>
    from[part].some((item) => to[part]?.includes(item) === false),
  )

const notLater = (until: string | undefined, before: string) =>
  until === undefined || until <= before
    ? undefined
    : refuse('consent/not-narrower', 'Not later than before.', '/until')
