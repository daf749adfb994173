import { accessLogEvents } from '#domain/access-log/events.ts'
import { breakGlassEvents } from '#domain/break-glass/events.ts'
import { careRequestEvents } from '#domain/care-request/events.ts'
import { caseApprovalEvents } from '#domain/case-approval/events.ts'
import { consentEvents } from '#domain/consent/events.ts'
import { consultationEvents } from '#domain/consultation/events.ts'
import { deliveryEvents } from '#domain/delivery/events.ts'
import { familyEvents } from '#domain/family/events.ts'
import { feedConsumerEvents } from '#domain/feed-consumer/events.ts'
import { integrationEvents } from '#domain/integration/events.ts'
import type { EventOf, Recorded } from '#domain/kernel/event.ts'
import { membershipEvents } from '#domain/membership/events.ts'
import { noticeEvents } from '#domain/notice/events.ts'
import { organizationEvents, siteEvents } from '#domain/organization/events.ts'
import { correctionEvents, disclosureEvents, suspensionEvents } from '#domain/persons-request/events.ts'
import { referralEvents } from '#domain/referral/events.ts'
import { retentionEvents } from '#domain/retention/events.ts'
import { staffEvents } from '#domain/staff/events.ts'
import { subscriptionEvents } from '#domain/subscription/events.ts'
import { visitEvents } from '#domain/visit/events.ts'

/** Every fact the system can remember. A lifecycle joins by adding its line here and in `lifecycles.ts`. */
export const catalogue = {
  ...familyEvents,
  ...visitEvents,
  ...noticeEvents,
  ...consultationEvents,
  ...consentEvents,
  ...referralEvents,
  ...careRequestEvents,
  ...membershipEvents,
  ...disclosureEvents,
  ...correctionEvents,
  ...suspensionEvents,
  ...organizationEvents,
  ...siteEvents,
  ...staffEvents,
  ...integrationEvents,
  ...breakGlassEvents,
  ...caseApprovalEvents,
  ...accessLogEvents,
  ...retentionEvents,
  ...subscriptionEvents,
  ...deliveryEvents,
  ...feedConsumerEvents,
}

export type DomainEvent = EventOf<typeof catalogue>
export type RecordedEvent = Recorded<DomainEvent>
