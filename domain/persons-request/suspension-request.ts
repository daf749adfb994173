import { z } from 'zod'
import { commandsOn, firstRefusal, lifecycleOf, look, refuse } from '#domain/kernel/lifecycle.ts'
import { codeOf, text } from '#domain/kernel/schema.ts'
import { daysBetween } from '#domain/kernel/time.ts'
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
import { suspensionGround } from './codes.ts'
import { disclosureView, shownTo } from './disclosure-view.ts'
import { correctionOutcomes, type SuspensionEvent, suspensionEvents, suspensionShape } from './events.ts'
import { familyView } from './family-view.ts'

type Suspension =
  | { readonly status: 'none' }
  | (Asked & {
      readonly status: 'requested' | 'decided' | 'withdrawn'
      readonly breach: string
      readonly stop: string
      readonly outcome?: (typeof correctionOutcomes)[number]
    })

const KIND = 'suspension-request'
/** 98条3項: within 90 days of the day on which the data was shown. */
const DAYS_AFTER_DISCLOSURE = 90

const command = commandsOn<Suspension, SuspensionEvent>()

const RequestSuspension = command({
  summary:
    'Somebody asks that their data is no longer used, is erased, or is no longer provided, because the law was broken.',
  from: ['none'],
  by: receivers,
  schema: z
    .strictObject({ ...suspensionShape, receivedOn: ReceivedOn })
    .refine(representativeIsNamed.check, representativeIsNamed.otherwise)
    .refine(({ breach, stop }) => (breach === 'provided') === (stop === 'stopProvision'), {
      path: ['stop'],
      message: 'unlawful provision is stopped; anything else is no longer used, or erased (98条)',
      params: { code: 'does_not_fit_the_breach' },
    }),
  emits: ['SuspensionRequested'],
  looksAt: ({ familyId, disclosureId }) => ({
    family: look(familyView, familyId),
    disclosure: look(disclosureView, disclosureId),
  }),
  decide: (_, { receivedOn, ...data }, { seen, occurredOn, actor }) =>
    firstRefusal(
      mayBeAsked(KIND, { ...data, receivedOn }, seen.family, { occurredOn }),
      withinNinetyDays(shownTo(seen.disclosure, data, actor.organizationId), receivedOn ?? occurredOn),
    ) ?? [{ type: 'SuspensionRequested', data: { ...data, ...termFrom(receivedOn ?? occurredOn) } }],
})

const ExtendSuspensionTerm = command({
  summary: 'Up to thirty days more, once, before the term ends; the person is told why.',
  from: ['requested'],
  by: deciders,
  schema: Extension,
  emits: ['SuspensionTermExtended'],
  decide: (state, data, context) =>
    firstRefusal(isOurs(KIND, state, context), mayExtend(KIND, state, data.until, context)) ?? [
      { type: 'SuspensionTermExtended', data },
    ],
})

const DecideSuspension = command({
  summary: 'What was stopped, erased or is no longer provided; or why not.',
  from: ['requested'],
  by: deciders,
  schema: z
    .strictObject({
      outcome: z.enum(correctionOutcomes),
      ground: codeOf(suspensionGround).optional(),
      reason: text(2_000).optional(),
      measures: text(2_000).optional(),
    })
    .refine(({ outcome, ground }) => outcome === 'granted' || ground !== undefined, {
      path: ['ground'],
      message: 'a refusal says its ground',
      params: { code: 'required' },
    })
    .refine(({ outcome, measures }) => (outcome === 'refused') === (measures === undefined), {
      path: ['measures'],
      message: 'what was done, unless refused',
      params: { code: 'unless_refused' },
    }),
  emits: ['SuspensionDecided'],
  decide: (state, data, context) => isOurs(KIND, state, context) ?? [{ type: 'SuspensionDecided', data }],
})

const WithdrawSuspensionRequest = command({
  summary: 'The person takes the request back.',
  from: ['requested'],
  by: receivers,
  schema: Withdrawal,
  emits: ['SuspensionRequestWithdrawn'],
  decide: (state, data, context) =>
    isOurs(KIND, state, context) ?? [{ type: 'SuspensionRequestWithdrawn', data }],
})

const DetectSuspensionOverdue = command({
  summary: 'The term has passed without a decision.',
  from: ['requested', 'decided', 'withdrawn'],
  by: system,
  schema: Miss,
  emits: ['SuspensionOverdueDetected'],
  decide: (state, { dueOn }, { occurredOn }) =>
    state.status === 'requested' && isMissed(state, dueOn, occurredOn)
      ? [{ type: 'SuspensionOverdueDetected', data: { dueOn } }]
      : [],
})

const withinNinetyDays = (shownOn: string | undefined, receivedOn: string) =>
  firstRefusal(
    shownOn === undefined
      ? refuse('suspension-request/not-disclosed', 'First the disclosure, then this.', '/disclosureId')
      : undefined,
    shownOn !== undefined && daysBetween(shownOn, receivedOn) > DAYS_AFTER_DISCLOSURE
      ? refuse('suspension-request/too-late', `It was shown on ${shownOn}; ask for it anew.`, '/disclosureId')
      : undefined,
  )

const isAsked = (state: Suspension): state is Exclude<Suspension, { status: 'none' }> =>
  state.status !== 'none'

/** 利用停止請求 (dossier 4.7). Open until it is decided; what was stopped is in the decision. */
export const suspensionRequest = lifecycleOf<Suspension, SuspensionEvent>()({
  name: 'suspensionRequest',
  collection: 'suspension-requests',
  titleJa: '利用停止請求',
  events: suspensionEvents,
  initial: { status: 'none' },
  refusals: {
    ...commonRefusals(KIND),
    'suspension-request/not-disclosed': 'A suspension is asked for after a disclosure.',
    'suspension-request/too-late': 'A suspension is asked for within 90 days of the disclosure.',
  },
  familyOf: (state) => (isAsked(state) ? state.familyId : undefined),
  evolve: {
    SuspensionRequested: (_, data, { actor }) => ({
      status: 'requested',
      ...askedBy(data, actor.organizationId),
      breach: data.breach,
      stop: data.stop,
    }),
    SuspensionTermExtended: (state, { until }) => (isAsked(state) ? extended(state, until) : state),
    SuspensionDecided: (state, { outcome }) =>
      isAsked(state) ? { ...state, status: 'decided', outcome } : state,
    SuspensionRequestWithdrawn: (state) => (isAsked(state) ? { ...state, status: 'withdrawn' } : state),
    SuspensionOverdueDetected: (state, { dueOn }) => (isAsked(state) ? noted(state, dueOn) : state),
  },
  commands: {
    RequestSuspension,
    ExtendSuspensionTerm,
    DecideSuspension,
    WithdrawSuspensionRequest,
    DetectSuspensionOverdue,
  },
})
