import { z } from 'zod'
import { businessDaysBetween } from '#domain/calendar/business-days.ts'
import { resolution } from '#domain/codes/lists.ts'
import { ReferralId } from '#domain/ids.ts'
import { type Context, commandsOn, firstRefusal, look, refuse } from '#domain/kernel/lifecycle.ts'
import { baseCode, codeOf, date, plainText, text } from '#domain/kernel/schema.ts'
import { given } from '#domain/kernel/values.ts'
import { caseworkers, system } from '#domain/roles.ts'
import { clocks, type ReferralEvent } from './events.ts'
import { bySender, bySenderOrToldReceiver } from './guards.ts'
import { type Begun, type Referral, weekOf } from './state.ts'
import { type Destination, destinationView } from './views.ts'

const command = commandsOn<Referral, ReferralEvent>()

export const CloseReferral = command({
  summary: 'The sender closes the loop. After a decline: sent anew, handled here, or given up with a reason.',
  from: ['declined', 'outcomeReported', 'accepted', 'inService'],
  by: [...caseworkers, ...system],
  schema: z
    .strictObject({
      resolution: codeOf(resolution),
      supersededBy: ReferralId.optional(),
      outcomeWithheld: z.boolean().optional(),
      reason: text(1_000).optional(),
    })
    .refine(({ resolution: code, reason }) => baseCode(code) !== 'dropped' || reason !== undefined, {
      path: ['reason'],
      message: 'needed when a referral is dropped',
    })
    .refine(
      ({ resolution: code, supersededBy }) => (baseCode(code) === 'resent') === (supersededBy !== undefined),
      {
        path: ['supersededBy'],
        message: 'goes with `resent`, and only with it',
      },
    ),
  emits: ['ReferralClosed'],
  decide: (state, data, context) =>
    firstRefusal(bySender(state, context), resolutionFits(state, data)) ?? [{ type: 'ReferralClosed', data }],
})

export const WithdrawReferral = command({
  summary:
    'Taken back by the sender, or at any time before its end by the caregiver. The receiver stops (R-REF-5).',
  from: ['draft', 'awaitingConsent', 'sent', 'acknowledged', 'infoRequested', 'accepted', 'inService'],
  by: caseworkers,
  schema: z.strictObject({
    withdrawnBy: z.enum(['sender', 'caregiver']).default('sender'),
    reason: text(1_000).optional(),
  }),
  emits: ['ReferralWithdrawn'],
  decide: (state, data, context) =>
    firstRefusal(
      bySenderOrToldReceiver(state, data.withdrawnBy, context),
      caregiverDecides(state, data.withdrawnBy),
    ) ?? [{ type: 'ReferralWithdrawn', data: { ...consentDeclined(state), ...data } }],
})

export const EscalateReferral = command({
  summary: 'A person raises the matter with somebody above. It never changes the owner (R-REF-3).',
  from: [
    'draft',
    'awaitingConsent',
    'sent',
    'acknowledged',
    'infoRequested',
    'accepted',
    'inService',
    'outcomeReported',
    'declined',
  ],
  by: ['hubDirector', 'wardManager', ...system],
  schema: z.strictObject({
    to: plainText(80),
    reason: text(500),
    businessDaysLate: z
      .int()
      .min(0)
      .max(10_000)
      .optional()
      .describe('Counted from the latest missed clock unless said.'),
  }),
  emits: ['ReferralEscalated'],
  looksAt: (_, state) => ({
    receiver:
      state.to.organizationId === undefined ? undefined : look(destinationView, state.to.organizationId),
  }),
  decide(state, data, context) {
    const businessDaysLate = data.businessDaysLate ?? daysLate(state, context, context.seen.receiver)
    return (
      isConcerned(state, context) ?? [
        { type: 'ReferralEscalated', data: { ...data, ...given({ businessDaysLate }) } },
      ]
    )
  },
})

export const DetectReferralOverdue = command({
  summary: 'A clock was missed: one fact for each, however often it is looked at.',
  from: [
    'draft',
    'awaitingConsent',
    'sent',
    'acknowledged',
    'infoRequested',
    'accepted',
    'inService',
    'outcomeReported',
    'declined',
    'closed',
    'withdrawn',
  ],
  by: system,
  schema: z.strictObject({ clock: z.enum(clocks), dueOn: date() }),
  emits: ['ReferralOverdueDetected'],
  decide(state, { clock, dueOn }, { now, occurredOn }) {
    const due = state.running[clock]
    const isMissed = due?.on === dueOn && (due.at === undefined ? occurredOn > due.on : now > due.at)
    if (!isMissed || state.missed.includes(`${clock}@${dueOn}`)) return []
    return [{ type: 'ReferralOverdueDetected', data: { clock, dueOn, ...given({ dueAt: due.at }) } }]
  },
})

const AFTER_DECLINE = ['resent', 'handledByHub', 'caregiverDeclined', 'dropped']
const AFTER_OUTCOME = ['completed', 'handledByHub', 'caregiverDeclined', 'dropped']

const misfit = (detail: string, pointer: string) =>
  refuse('referral/resolution-does-not-fit', detail, pointer)

function resolutionFits(state: Begun, data: { resolution: string; outcomeWithheld?: boolean | undefined }) {
  const fitting = state.status === 'declined' ? AFTER_DECLINE : AFTER_OUTCOME
  if (!fitting.includes(baseCode(data.resolution)))
    return misfit(`One of ${fitting.join(', ')} fits here.`, '/resolution')
  const untold =
    (state.status === 'accepted' || state.status === 'inService') && data.outcomeWithheld !== true
  return untold
    ? misfit('Without an outcome it closes only when the caregiver allows no feedback.', '/outcomeWithheld')
    : undefined
}

const caregiverDecides = (state: Begun, withdrawnBy: string) =>
  (state.status === 'accepted' || state.status === 'inService') && withdrawnBy !== 'caregiver'
    ? refuse(
        'referral/caregiver-withdraws',
        'The receiver decides whether it goes on by its own duties.',
        '/withdrawnBy',
      )
    : undefined

/** What ends the wait for a consent, unless the sender says otherwise (dossier 3.2). */
const consentDeclined = ({ status }: Begun) =>
  status === 'awaitingConsent' ? { reason: 'consentDeclined' } : {}

const isConcerned = (state: Begun, { actor }: Context) =>
  actor.role === 'system' ||
  [state.from.organizationId, state.to.organizationId].includes(actor.organizationId)
    ? undefined
    : refuse('referral/not-the-sender', 'Sender and receiver may raise it.')

function daysLate(
  state: Begun,
  { occurredOn, calendar }: Context,
  receiver: Destination | undefined,
): number | undefined {
  const latest = state.missed
    .map((miss) => miss.slice(miss.indexOf('@') + 1))
    .sort()
    .at(-1)
  const week = weekOf(receiver?.status === 'known' ? receiver.kind : undefined)
  return latest === undefined ? undefined : businessDaysBetween(latest, occurredOn, week, calendar)
}
