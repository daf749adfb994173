import { z } from 'zod'
import { businessDaysBetween } from '#domain/calendar/business-days.ts'
import { declineReason, destinationKind } from '#domain/codes/lists.ts'
import { OrganizationId } from '#domain/ids.ts'
import { type Context, commandsOn, firstRefusal, look, refuse } from '#domain/kernel/lifecycle.ts'
import { codeOf, date, plainText, text } from '#domain/kernel/schema.ts'
import { given } from '#domain/kernel/values.ts'
import { caseworkers } from '#domain/roles.ts'
import { decisionDays, dueAt, dueOn } from './due-dates.ts'
import type { ReferralEvent } from './events.ts'
import { byReceiver } from './guards.ts'
import { type Begun, type Referral, weekOf } from './state.ts'
import { type Destination, destinationView } from './views.ts'

const command = commandsOn<Referral, ReferralEvent>()

const receiverOf = (state: Begun) => ({
  receiver:
    state.to.organizationId === undefined ? undefined : look(destinationView, state.to.organizationId),
})
const weekAt = (place: Destination | undefined) => weekOf(place?.status === 'known' ? place.kind : undefined)

/** An answer to a referral that nobody acknowledged says so by itself (R-GEN-6). */
const impliedBy = (state: Begun) =>
  state.status === 'sent' ? { implied: ['ReferralAcknowledged' as const] } : {}

export const AcknowledgeReferral = command({
  summary: '"We have it", no more. Stops the acknowledgement clock and starts the decision clock.',
  from: ['sent'],
  by: caseworkers,
  schema: z.strictObject({}),
  emits: ['ReferralAcknowledged'],
  looksAt: (_, state) => receiverOf(state),
  decide: (state, _, context) =>
    byReceiver(state, context) ?? [
      {
        type: 'ReferralAcknowledged',
        data: given({
          decisionDueOn: dueOn('decision', state.urgency, context, weekAt(context.seen.receiver)),
        }),
      },
    ],
})

export const RequestReferralInfo = command({
  summary: 'The receiver asks back. The decision clock pauses until the sender answers.',
  from: ['sent', 'acknowledged'],
  by: caseworkers,
  schema: z.strictObject({ question: text(2_000) }),
  emits: ['ReferralInfoRequested'],
  looksAt: (_, state) => receiverOf(state),
  decide(state, { question }, context) {
    const decisionDaysLeft = daysLeft(state, context, context.seen.receiver)
    return (
      byReceiver(state, context) ?? [
        {
          type: 'ReferralInfoRequested',
          data: { question, ...impliedBy(state), ...given({ decisionDaysLeft }) },
        },
      ]
    )
  },
})

export const AcceptReferral = command({
  summary: 'The receiver takes it on: somebody by name, and a day for the first contact.',
  from: ['sent', 'acknowledged'],
  by: caseworkers,
  schema: z.strictObject({
    assignee: plainText(64).describe('Staff id of the person responsible from now on.'),
    plannedContactOn: date(),
  }),
  emits: ['ReferralAccepted'],
  looksAt: (_, state) => receiverOf(state),
  decide: (state, data, context) =>
    firstRefusal(byReceiver(state, context), isNotBefore(data.plannedContactOn, context)) ?? [
      {
        type: 'ReferralAccepted',
        data: {
          ...data,
          ...impliedBy(state),
          ...given({ outcomeDueOn: dueOn('outcome', state.urgency, context, weekAt(context.seen.receiver)) }),
        },
      },
    ],
})

export const DeclineReferral = command({
  summary:
    'Not ours, with the reason. The sender must now send it elsewhere or settle it: a decline does not stay open.',
  from: ['sent', 'acknowledged', 'infoRequested'],
  by: caseworkers,
  schema: z.strictObject({
    reason: codeOf(declineReason),
    suggestedDestination: codeOf(destinationKind).optional(),
    waitingListOffered: z.boolean().optional(),
    note: text(1_000).optional(),
  }),
  emits: ['ReferralDeclined'],
  looksAt: (_, state) => ({ sender: look(destinationView, state.from.organizationId) }),
  decide: (state, data, context) =>
    byReceiver(state, context) ?? [
      {
        type: 'ReferralDeclined',
        data: {
          ...data,
          ...given({ resendDueOn: dueOn('resend', state.urgency, context, weekAt(context.seen.sender)) }),
        },
      },
    ],
})

export const RedirectReferral = command({
  summary:
    'To another desk of the same organisation: the consent holds, the desk gets its own acknowledgement clock, the first contact keeps its day.',
  from: ['sent', 'acknowledged'],
  by: caseworkers,
  schema: z.strictObject({
    toDesk: plainText(80),
    toOrganization: OrganizationId.optional(),
    reason: text(1_000).optional(),
  }),
  emits: ['ReferralRedirected'],
  looksAt: (_, state) => receiverOf(state),
  decide(state, { toOrganization, ...data }, context) {
    const week = weekAt(context.seen.receiver)
    return (
      firstRefusal(byReceiver(state, context), staysInside(state, toOrganization)) ?? [
        {
          type: 'ReferralRedirected',
          data: {
            ...data,
            ...given({
              ackDueOn: dueOn('ack', state.urgency, context, week),
              ackDueAt: dueAt('ack', state.urgency, context),
              firstContactDueOn: state.running.firstContact?.on,
            }),
          },
        },
      ]
    )
  },
})

/** Business days the receiver still had to decide when the question arrived; all of them when it had not yet answered at all. */
function daysLeft(
  state: Begun,
  { occurredOn, calendar }: Context,
  receiver: Destination | undefined,
): number | undefined {
  const due = state.running.decision?.on
  if (due === undefined) return state.status === 'sent' ? decisionDays(state.urgency) : undefined
  return businessDaysBetween(occurredOn, due, weekAt(receiver), calendar)
}

const isNotBefore = (plannedContactOn: string, { occurredOn }: Context) =>
  plannedContactOn < occurredOn
    ? refuse('referral/contact-before-acceptance', 'Check the planned date.', '/plannedContactOn')
    : undefined

const staysInside = (state: Begun, toOrganization: string | undefined) =>
  toOrganization !== undefined && toOrganization !== state.to.organizationId
    ? refuse(
        'referral/redirect-leaves-organization',
        'A new recipient needs its own consent.',
        '/toOrganization',
      )
    : undefined
