import { z } from 'zod'
import { commandsOn, firstRefusal, lifecycleOf, look, refuse } from '#domain/kernel/lifecycle.ts'
import { codeOf, text } from '#domain/kernel/schema.ts'
import { system } from '#domain/roles.ts'
import {
  type Asked,
  askedBy,
  commonRefusals,
  deciders,
  Extension,
  extended,
  isMissed,
  isOurs,
  Miss,
  mayBeAsked,
  mayExtend,
  noted,
  ReceivedOn,
  receivers,
  representativeIsNamed,
  termFrom,
  Withdrawal,
} from './asking.ts'
import { withholdingGround } from './codes.ts'
import {
  type DisclosureEvent,
  disclosureEvents,
  disclosureOutcomes,
  disclosureShape,
  handedOver,
  withholdShape,
} from './events.ts'
import { familyView } from './family-view.ts'

type Outcome = (typeof disclosureOutcomes)[number]
type Disclosure =
  | { readonly status: 'none' }
  | (Scoped & { readonly status: 'received' | 'withdrawn' })
  | (Scoped & {
      readonly status: 'decided' | 'provided'
      readonly outcome: Outcome
      readonly ground?: string | undefined
      readonly withhold: readonly Withheld[]
    })
type Scoped = Asked & {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly dataClasses?: readonly string[] | undefined
}
type Withheld = Readonly<z.output<typeof Withheld>>

const KIND = 'disclosure-request'
const command = commandsOn<Disclosure, DisclosureEvent>()

const ReceiveDisclosureRequest = command({
  summary: 'Somebody asks to see what is held about them. The thirty days begin (R-PRI-17).',
  from: ['none'],
  by: receivers,
  schema: z
    .strictObject({ ...disclosureShape, receivedOn: ReceivedOn })
    .refine(representativeIsNamed.check, representativeIsNamed.otherwise)
    .refine(({ from, to }) => !from || !to || from <= to, {
      path: ['to'],
      message: 'before `from`',
      params: { code: 'ends_before_start' },
    }),
  emits: ['DisclosureRequestReceived'],
  looksAt: ({ familyId }) => ({ family: look(familyView, familyId) }),
  decide: (_, { receivedOn, ...data }, { seen, occurredOn }) =>
    mayBeAsked(KIND, { ...data, receivedOn }, seen.family, { occurredOn }) ?? [
      { type: 'DisclosureRequestReceived', data: { ...data, ...termFrom(receivedOn ?? occurredOn) } },
    ],
})

const ExtendDisclosureTerm = command({
  summary: 'Up to thirty days more, once, before the term ends; the person is told why.',
  from: ['received'],
  by: deciders,
  schema: Extension,
  emits: ['DisclosureTermExtended'],
  decide: (state, data, context) =>
    firstRefusal(isOurs(KIND, state, context), mayExtend(KIND, state, data.until, context)) ?? [
      { type: 'DisclosureTermExtended', data },
    ],
})

const Withheld = z
  .strictObject(withholdShape)
  .refine(({ part, eventId }) => part !== undefined || eventId !== undefined, {
    path: ['part'],
    message: 'a part, an entry, or a part of an entry',
    params: { code: 'required' },
  })
  .refine(({ field, eventId }) => field === undefined || eventId !== undefined, {
    path: ['eventId'],
    message: 'the entry of this field',
    params: { code: 'required' },
  })
  .refine(
    ({ existence, eventId, part, field }) =>
      !existence || (eventId !== undefined && part === undefined && field === undefined),
    { path: ['existence'], message: 'of whole entries only', params: { code: 'whole_entry' } },
  )

const shows = (outcome: Outcome): boolean => outcome === 'granted' || outcome === 'partly'

const DecideDisclosure = command({
  summary:
    'What is shown, what is withheld and on what ground; or that it is not answered whether anything is held (81条).',
  from: ['received'],
  by: deciders,
  schema: z
    .strictObject({
      outcome: z.enum(disclosureOutcomes),
      ground: codeOf(withholdingGround).optional(),
      reason: text(2_000).optional(),
      withhold: z.array(Withheld).min(1).max(500).optional(),
    })
    .refine(({ outcome, withhold }) => (outcome === 'partly') === (withhold !== undefined), {
      path: ['withhold'],
      message: 'what is withheld, where and only where a part is',
      params: { code: 'partly_only' },
    })
    .refine(({ outcome, ground }) => shows(outcome) || ground !== undefined, {
      path: ['ground'],
      message: 'a refusal says its ground',
      params: { code: 'required' },
    }),
  emits: ['DisclosureDecided'],
  decide: (state, data, context) => isOurs(KIND, state, context) ?? [{ type: 'DisclosureDecided', data }],
})

const ProvideDisclosure = command({
  summary: 'The copy was handed over, the records were viewed, or the letter with the decision was sent.',
  from: ['decided'],
  by: receivers,
  schema: z.strictObject({ handedOver: z.enum(handedOver), note: text(500).optional() }),
  emits: ['DisclosureProvided'],
  decide: (state, data, context) =>
    firstRefusal(
      isOurs(KIND, state, context),
      shows(state.outcome) === (data.handedOver !== 'decisionLetter')
        ? undefined
        : refuse('disclosure-request/not-as-decided', `It was decided: ${state.outcome}.`, '/handedOver'),
    ) ?? [{ type: 'DisclosureProvided', data }],
})

const WithdrawDisclosureRequest = command({
  summary: 'The person takes the request back.',
  from: ['received'],
  by: receivers,
  schema: Withdrawal,
  emits: ['DisclosureRequestWithdrawn'],
  decide: (state, data, context) =>
    isOurs(KIND, state, context) ?? [{ type: 'DisclosureRequestWithdrawn', data }],
})

const DetectDisclosureOverdue = command({
  summary: 'The term has passed without a decision.',
  from: ['received', 'decided', 'provided', 'withdrawn'],
  by: system,
  schema: Miss,
  emits: ['DisclosureOverdueDetected'],
  decide: (state, { dueOn }, { occurredOn }) =>
    state.status === 'received' && isMissed(state, dueOn, occurredOn)
      ? [{ type: 'DisclosureOverdueDetected', data: { dueOn } }]
      : [],
})

const isAsked = (state: Disclosure): state is Exclude<Disclosure, { status: 'none' }> =>
  state.status !== 'none'
const isDecided = (state: Disclosure): state is Extract<Disclosure, { status: 'decided' | 'provided' }> =>
  state.status === 'decided' || state.status === 'provided'

/** 開示請求 (dossier 4.7). Open until the person has what was decided, or the letter that says no. */
export const disclosureRequest = lifecycleOf<Disclosure, DisclosureEvent>()({
  name: 'disclosureRequest',
  collection: 'disclosure-requests',
  titleJa: '開示請求',
  events: disclosureEvents,
  initial: { status: 'none' },
  refusals: {
    ...commonRefusals(KIND),
    'disclosure-request/not-as-decided': 'Nothing but the decision is handed over.',
  },
  familyOf: (state) => (isAsked(state) ? state.familyId : undefined),
  evolve: {
    DisclosureRequestReceived: (_, data, { actor }) => ({
      status: 'received',
      ...askedBy(data, actor.organizationId),
      from: data.from,
      to: data.to,
      dataClasses: data.dataClasses,
    }),
    DisclosureTermExtended: (state, { until }) => (isAsked(state) ? extended(state, until) : state),
    DisclosureDecided: (state, { outcome, ground, withhold = [] }) =>
      isAsked(state) ? { ...state, status: 'decided', outcome, ground, withhold } : state,
    DisclosureProvided: (state) => (isDecided(state) ? { ...state, status: 'provided' } : state),
    DisclosureRequestWithdrawn: (state) => (isAsked(state) ? { ...state, status: 'withdrawn' } : state),
    DisclosureOverdueDetected: (state, { dueOn }) => (isAsked(state) ? noted(state, dueOn) : state),
  },
  commands: {
    ReceiveDisclosureRequest,
    ExtendDisclosureTerm,
    DecideDisclosure,
    ProvideDisclosure,
    WithdrawDisclosureRequest,
    DetectDisclosureOverdue,
  },
})
