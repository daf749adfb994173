import { breakGlass } from '#domain/break-glass/break-glass.ts'
import { careRequest } from '#domain/care-request/care-request.ts'
import { caseApproval } from '#domain/case-approval/case-approval.ts'
import { consent } from '#domain/consent/consent.ts'
import { consultation } from '#domain/consultation/consultation.ts'
import { family } from '#domain/family/family.ts'
import { feedConsumer } from '#domain/feed-consumer/feed-consumer.ts'
import { integration } from '#domain/integration/integration.ts'
import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import { membership } from '#domain/membership/membership.ts'
import { notice } from '#domain/notice/notice.ts'
import { organization } from '#domain/organization/organization.ts'
import { site } from '#domain/organization/site.ts'
import { correctionRequest } from '#domain/persons-request/correction-request.ts'
import { disclosureRequest } from '#domain/persons-request/disclosure-request.ts'
import { suspensionRequest } from '#domain/persons-request/suspension-request.ts'
import { referral } from '#domain/referral/referral.ts'
import { retention } from '#domain/retention/retention.ts'
import { staff } from '#domain/staff/staff.ts'
import { subscription } from '#domain/subscription/subscription.ts'
import { visit } from '#domain/visit/visit.ts'

/** Everything that can be asked of the system. Routes, OpenAPI, batch and import follow from this list. */
export const lifecycles: readonly Lifecycle[] = [
  family,
  visit,
  notice,
  consultation,
  consent,
  referral,
  careRequest,
  membership,
  disclosureRequest,
  correctionRequest,
  suspensionRequest,
  organization,
  site,
  staff,
  integration,
  breakGlass,
  caseApproval,
  retention,
  subscription,
  feedConsumer,
]
