import { z } from 'zod'
import { addBusinessDays } from '#domain/calendar/business-days.ts'
import { shareableClass } from '#domain/codes/shareable-class.ts'
import { OrganizationId } from '#domain/ids.ts'
import { type Context, commandsOn, firstRefusal, look, refuse } from '#domain/kernel/lifecycle.ts'
import type { Actor } from '#domain/kernel/metadata.ts'
import { codeOf, text } from '#domain/kernel/schema.ts'
import { given } from '#domain/kernel/values.ts'
import { caseworkers } from '#domain/roles.ts'
import { dueAt, dueOn } from './due-dates.ts'
import { envelopeShape, type ReferralEvent } from './events.ts'
import {
  bySender,
  consultationIsOpen,
  destinationIsActive,
  directionFits,
  hasBasis,
  isOrdinary,
  notAlreadyOpen,
  replacesDeclined,
  type Sending,
} from './guards.ts'
import { type Referral, referralView, weekOf } from './state.ts'
import { consentView, consultationView, destinationView } from './views.ts'

const command = commandsOn<Referral, ReferralEvent>()

const Envelope = z.strictObject({ ...envelopeShape, reasons: envelopeShape.reasons.default([]) })

export const DraftReferral = command({
  summary: 'Direction, destination, reason and urgency are put together; nobody else sees it yet.',
  from: ['none'],
  by: caseworkers,
  schema: Envelope,
  emits: ['ReferralDrafted'],
  decide: (_, data, context) =>
    firstRefusal(isOrdinary(data, context), directionFits(data, context)) ?? [
      { type: 'ReferralDrafted', data },
    ],
})

export const RequestReferralConsent = command({
  summary: 'The caregiver is asked; the exact recipients and data are named.',
  from: ['draft'],
  by: caseworkers,
  schema: z.strictObject({
    recipients: z.array(OrganizationId).min(1).max(20),
    dataClasses: z.array(codeOf(shareableClass)).min(1).max(15),
    words: text(1_000).optional(),
  }),
  emits: ['ReferralConsentRequested'],
  decide: (state, data, context) => bySender(state, context) ?? [{ type: 'ReferralConsentRequested', data }],
})

const looksAt = (sending: Sending, actor: Actor) => ({
  consent: sending.basis === undefined ? undefined : look(consentView, sending.basis),
  destination:
    sending.toOrganization === undefined ? undefined : look(destinationView, sending.toOrganization),
  consultation:
    sending.consultationId === undefined ? undefined : look(consultationView, sending.consultationId),
  replaced: sending.supersedes === undefined ? undefined : look(referralView, sending.supersedes),
  sender: look(destinationView, actor.organizationId),
})

export const SendReferral = command({
  summary:
    'The referral goes out, with a basis (G1), to an active destination (G2), once (G3). Its due dates are fixed now.',
  from: ['none', 'draft', 'awaitingConsent'],
  by: caseworkers,
  schema: Envelope,
  emits: ['ReferralSent'],
  looksAt: (data, _, actor) => looksAt(data, actor),
  decide(state, data, context) {
    const { consent, destination, consultation, replaced } = context.seen
    const refusal = firstRefusal(
      state.status === 'none' ? undefined : bySender(state, context),
      keepsFamily(state, data.familyId),
      isOrdinary(data, context),
      directionFits(data, context),
      hasBasis(data, consent, context),
      destinationIsActive(data, destination, context),
      consultationIsOpen(data, consultation, context),
      notAlreadyOpen(data, consultation, context.id),
      replacesDeclined(data, replaced, context),
    )
    if (refusal) return refusal
    const inherited = replaced && replaced.status !== 'none' ? replaced.consultationId : undefined
    const consultationId = data.consultationId ?? (inherited as typeof data.consultationId)
    const week = weekOf(destination?.status === 'known' ? destination.kind : undefined)
    return [
      {
        type: 'ReferralSent',
        data: {
          ...data,
          ...given({
            consultationId,
            ackDueOn: dueOn('ack', data.urgency, context, week),
            ackDueAt: dueAt('ack', data.urgency, context),
            firstContactDueOn: dueOn('firstContact', data.urgency, context, week),
          }),
          sentFrom: OrganizationId.parse(context.actor.organizationId),
        },
      },
    ]
  },
})

export const SupplyReferralInfo = command({
  summary:
    'The sender answers the receiver’s question, inside what the consent covers. The decision clock runs on.',
  from: ['infoRequested'],
  by: caseworkers,
  schema: z.strictObject({
    answer: text(5_000),
    dataClasses: z.array(codeOf(shareableClass)).max(15).optional(),
  }),
  emits: ['ReferralInfoSupplied'],
  looksAt: (_, state) => ({
    consent: state.basis === undefined ? undefined : look(consentView, state.basis),
    destination:
      state.to.organizationId === undefined ? undefined : look(destinationView, state.to.organizationId),
  }),
  decide(state, data, context) {
    const { consent, destination } = context.seen
    const supplied = {
      familyId: state.familyId,
      direction: '',
      linkLevel: state.linkLevel,
      toOrganization: state.to.organizationId,
      destinationKind: state.to.kind,
      basis: state.basis,
      dataClasses: data.dataClasses,
    }
    const refusal = firstRefusal(
      bySender(state, context),
      state.basis === undefined ? undefined : hasBasis(supplied, consent, context),
    )
    if (refusal) return refusal
    const week = weekOf(destination?.status === 'known' ? destination.kind : undefined)
    const decisionDueOn = resumedOn(state.decisionDaysLeft, context, week)
    return [{ type: 'ReferralInfoSupplied', data: { ...data, ...given({ decisionDueOn }) } }]
  },
})

const resumedOn = (daysLeft: number | undefined, { occurredOn, calendar }: Context, week: 'hub' | 'ward') =>
  daysLeft === undefined ? undefined : addBusinessDays(occurredOn, daysLeft, week, calendar)

const keepsFamily = (state: Referral, familyId: string) =>
  state.status !== 'none' && state.familyId !== familyId
    ? refuse('referral/another-family', 'Draft a referral of its own for the other family.', '/familyId')
    : undefined
