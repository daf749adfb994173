import { z } from 'zod'
import { categoryOf, idIn, type StreamName } from '#domain/kernel/event.ts'
import { commandsOn, firstRefusal, lifecycleOf, look, refuse } from '#domain/kernel/lifecycle.ts'
import { codeOf, date, text } from '#domain/kernel/schema.ts'
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
import { correctionGround, tellings } from './codes.ts'
import { disclosureView, shownTo } from './disclosure-view.ts'
import {
  type CorrectionEvent,
  correctionEvents,
  correctionOutcomes,
  correctionShape,
  EntryInLog,
  GotIt,
  toldShape,
} from './events.ts'
import { familyView } from './family-view.ts'
import { visitView } from './visit-view.ts'

type Disputed = Asked & {
  readonly eventId: string
  readonly field: string
  readonly stream: string
}
type Recipient = Readonly<z.output<typeof GotIt>>
type Correction =
  | { readonly status: 'none' }
  | (Disputed & { readonly status: 'requested' | 'withdrawn' })
  | (Disputed & {
      readonly status: 'decided' | 'closed'
      readonly outcome: (typeof correctionOutcomes)[number]
      readonly recipients: readonly Recipient[]
      /** Everybody who has to hear of the decision and has not: the one who asked, and all who got the wrong value. */
      readonly untold: readonly string[]
      readonly told: number
      readonly notTold: number
    })

const KIND = 'correction-request'
const command = commandsOn<Correction, CorrectionEvent>()

const RequestCorrection = command({
  summary:
    'Somebody says that a fact shown to them is wrong. Only facts: views and assessments are not corrected.',
  from: ['none'],
  by: receivers,
  schema: z
    .strictObject({
      ...correctionShape,
      receivedOn: ReceivedOn,
      entry: EntryInLog.optional().describe('Filled in from the log; what is sent is not used.'),
    })
    .refine(representativeIsNamed.check, representativeIsNamed.otherwise),
  emits: ['CorrectionRequested'],
  looksAt: ({ familyId, disclosureId }) => ({
    family: look(familyView, familyId),
    disclosure: look(disclosureView, disclosureId),
  }),
  decide(_, { receivedOn, entry, ...data }, { seen, occurredOn, actor }) {
    const refusal = firstRefusal(
      mayBeAsked(KIND, { ...data, receivedOn }, seen.family, { occurredOn }),
      shownTo(seen.disclosure, data, actor.organizationId) === undefined
        ? refuse('correction-request/not-disclosed', 'First the disclosure, then this.', '/disclosureId')
        : undefined,
      isAFact(entry?.part),
    )
    if (refusal) return refusal
    if (!entry) return refuse('correction-request/no-such-entry', 'No such field here.', '/eventId')
    return [
      {
        type: 'CorrectionRequested',
        data: { ...data, entry, ...termFrom(receivedOn ?? occurredOn) },
      },
    ]
  },
})

const ExtendCorrectionTerm = command({
  summary: 'Up to thirty days more, once, before the term ends; the person is told why.',
  from: ['requested'],
  by: deciders,
  schema: Extension,
  emits: ['CorrectionTermExtended'],
  decide: (state, data, context) =>
    firstRefusal(isOurs(KIND, state, context), mayExtend(KIND, state, data.until, context)) ?? [
      { type: 'CorrectionTermExtended', data },
    ],
})

const DecideCorrection = command({
  summary:
    'The fact is put right and everybody who got the wrong value is listed (R-PRI-14), or it stays and the person’s statement stands beside it (R-PRI-15).',
  from: ['requested'],
  by: deciders,
  schema: z
    .strictObject({
      outcome: z.enum(correctionOutcomes),
      value: text(5_000).optional().describe('What stands there from now on, unless refused.'),
      ground: codeOf(correctionGround).optional(),
      reason: text(2_000).optional(),
      statement: text(2_000).optional().describe('What the person says instead, in their words.'),
      recipients: z
        .array(GotIt)
        .max(2_000)
        .default([])
        .describe('Filled in from the log; what is sent is not used.'),
    })
    .refine(({ outcome, value }) => (outcome === 'refused') === (value === undefined), {
      path: ['value'],
      message: 'the right value, where it is put right',
      params: { code: 'unless_refused' },
    })
    .refine(({ outcome, ground }) => outcome !== 'refused' || ground !== undefined, {
      path: ['ground'],
      message: 'a refusal says its ground',
      params: { code: 'required' },
    })
    .refine(({ outcome, statement }) => outcome === 'granted' || statement !== undefined, {
      path: ['statement'],
      message: 'what is not put right keeps the person’s statement beside it',
      params: { code: 'required' },
    }),
  emits: ['CorrectionDecided', 'EventCorrected'],
  looksAt: (_, { stream }) => ({
    visit: isVisit(stream) ? look(visitView, idIn(stream as StreamName)) : undefined,
  }),
  decide(state, { value, recipients, ...data }, context) {
    const { eventId, field, stream, personId } = state
    const refusal = firstRefusal(
      isOurs(KIND, state, context),
      value !== undefined && context.seen.visit?.isCorrected === false
        ? refuse('correction-request/correct-the-visit', 'Correct it there, with `legalCorrection`.')
        : undefined,
    )
    if (refusal) return refusal
    const decided = {
      type: 'CorrectionDecided',
      data: {
        ...data,
        eventId,
        field,
        personId: correctionShape.personId.parse(personId),
        recipients: value === undefined ? [] : recipients,
      },
    } as const
    return value === undefined || isVisit(stream)
      ? [decided]
      : [decided, { type: 'EventCorrected', data: { eventId, stream, field, value } }]
  },
})

const NotifyCorrection = command({
  summary:
    'One of those to be told has been told, or it was decided not to, for somebody’s safety. The last one closes the request.',
  from: ['decided'],
  by: receivers,
  schema: z
    .strictObject({
      ...toldShape,
      how: z.enum(tellings),
      on: date().optional(),
      note: text(500).optional(),
    })
    .refine((data) => Object.keys(toldShape).filter((name) => name in data).length === 1, {
      path: ['personId'],
      message: 'one of personId, organizationId and staffId',
      params: { code: 'one_of' },
    })
    .refine(({ how, note }) => how !== 'notTold' || note !== undefined, {
      path: ['note'],
      message: 'why somebody is not told',
      params: { code: 'required' },
    }),
  emits: ['CorrectionNotified', 'CorrectionRequestClosed'],
  decide(state, data, context) {
    const who = keyOf(data)
    const others = state.untold.filter((one) => one !== who)
    const refusal = firstRefusal(
      isOurs(KIND, state, context),
      [keyOf({ personId: state.personId }), ...state.recipients.map(keyOf)].includes(who)
        ? undefined
        : refuse('correction-request/not-on-the-list', 'They are not among those to be told.'),
    )
    if (refusal) return refusal
    if (others.length === state.untold.length) return []
    const notified = {
      type: 'CorrectionNotified',
      data: { ...data, on: data.on ?? context.occurredOn },
    } as const
    if (others.length > 0) return [notified]
    const isTold = data.how !== 'notTold'
    return [
      notified,
      {
        type: 'CorrectionRequestClosed',
        data: { told: state.told + (isTold ? 1 : 0), notTold: state.notTold + (isTold ? 0 : 1) },
      },
    ]
  },
})

const WithdrawCorrectionRequest = command({
  summary: 'The person takes the request back.',
  from: ['requested'],
  by: receivers,
  schema: Withdrawal,
  emits: ['CorrectionRequestWithdrawn'],
  decide: (state, data, context) =>
    isOurs(KIND, state, context) ?? [{ type: 'CorrectionRequestWithdrawn', data }],
})

const DetectCorrectionOverdue = command({
  summary: 'The term has passed without a decision.',
  from: ['requested', 'decided', 'closed', 'withdrawn'],
  by: system,
  schema: Miss,
  emits: ['CorrectionOverdueDetected'],
  decide: (state, { dueOn }, { occurredOn }) =>
    state.status === 'requested' && isMissed(state, dueOn, occurredOn)
      ? [{ type: 'CorrectionOverdueDetected', data: { dueOn } }]
      : [],
})

const isVisit = (stream: string): boolean => categoryOf(stream as StreamName) === 'visit'

const isAFact = (part: string | undefined) =>
  part === 'impression' || part === 'assessment'
    ? refuse(
        'correction-request/not-a-fact',
        'What somebody thought is not wrong as a fact. The person’s statement can stand beside it.',
        '/field',
      )
    : undefined

type Who = { readonly [K in keyof typeof toldShape]?: string | undefined }
const keyOf = ({ personId, organizationId, staffId }: Who): string =>
  staffId ?? organizationId ?? personId ?? ''

const isAsked = (state: Correction): state is Exclude<Correction, { status: 'none' }> =>
  state.status !== 'none'
const isDecided = (state: Correction): state is Extract<Correction, { status: 'decided' | 'closed' }> =>
  state.status === 'decided' || state.status === 'closed'

/** 訂正請求 (dossier 4.7). Open until everybody on its list has been told. */
export const correctionRequest = lifecycleOf<Correction, CorrectionEvent>()({
  name: 'correctionRequest',
  collection: 'correction-requests',
  titleJa: '訂正請求',
  events: correctionEvents,
  initial: { status: 'none' },
  refusals: {
    ...commonRefusals(KIND),
    'correction-request/not-disclosed': 'A correction is asked for after a disclosure.',
    'correction-request/no-such-entry': 'There is no such entry or field to correct here.',
    'correction-request/not-a-fact':
      'Views and assessments are not corrected; a statement can stand beside them.',
    'correction-request/correct-the-visit': 'A visit is put right by its own correction first.',
    'correction-request/not-on-the-list': 'Nobody of that name is to be told.',
  },
  familyOf: (state) => (isAsked(state) ? state.familyId : undefined),
  evolve: {
    CorrectionRequested: (_, data, { actor }) => ({
      status: 'requested',
      ...askedBy(data, actor.organizationId),
      eventId: data.eventId,
      field: data.field,
      stream: data.entry.stream,
    }),
    CorrectionTermExtended: (state, { until }) => (isAsked(state) ? extended(state, until) : state),
    CorrectionDecided: (state, { outcome, recipients }) =>
      isAsked(state)
        ? {
            ...state,
            status: 'decided',
            outcome,
            recipients,
            untold: [...new Set([keyOf({ personId: state.personId }), ...recipients.map(keyOf)])],
            told: 0,
            notTold: 0,
          }
        : state,
    EventCorrected: (state) => state,
    CorrectionNotified: (state, { how, ...who }) =>
      isDecided(state)
        ? {
            ...state,
            untold: state.untold.filter((one) => one !== keyOf(who)),
            told: state.told + (how === 'notTold' ? 0 : 1),
            notTold: state.notTold + (how === 'notTold' ? 1 : 0),
          }
        : state,
    CorrectionRequestClosed: (state) => (isDecided(state) ? { ...state, status: 'closed' } : state),
    CorrectionRequestWithdrawn: (state) => (isAsked(state) ? { ...state, status: 'withdrawn' } : state),
    CorrectionOverdueDetected: (state, { dueOn }) => (isAsked(state) ? noted(state, dueOn) : state),
  },
  commands: {
    RequestCorrection,
    ExtendCorrectionTerm,
    DecideCorrection,
    NotifyCorrection,
    WithdrawCorrectionRequest,
    DetectCorrectionOverdue,
  },
})
