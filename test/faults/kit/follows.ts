import type { Stored } from '#domain/kernel/event-store.ts'

/**
 * What has to be in a log because of what else is in it: reckoned from the facts alone, by nobody's code but this. What
 * `system` notes without a cause is not looked at.
 */
export const wrongConsequences = (log: readonly Stored[]): readonly string[] => {
  const of = (type: string) => log.filter((event) => event.type === type)
  const idOf = ({ stream }: Stored) => idIn(stream)
  const text = ({ data }: Stored, field: string) => String((data as Record<string, unknown>)[field])
  const named = ({ data }: Stored, field: string) => field in data
  const problems: string[] = []
  const once = (what: string, found: readonly Stored[]): void => {
    if (found.length !== 1) problems.push(`${found.length} times: ${what}`)
  }

  const sent = of('ReferralSent')
  const ended = [...of('ReferralClosed'), ...of('ReferralWithdrawn')]
  const linked = of('ConsultationLinked')
  const unlinked = of('ConsultationUnlinked')
  for (const letter of sent.filter((event) => named(event, 'consultationId'))) {
    const consultation = `consultation-${text(letter, 'consultationId')}`
    const isAboutIt = (event: Stored) =>
      event.stream === consultation && text(event, 'referralId') === idOf(letter)
    once(`${consultation} linked to ${idOf(letter)}`, linked.filter(isAboutIt))
    const hasEnded = ended.some(({ stream }) => stream === letter.stream)
    const undone = unlinked.filter(isAboutIt)
    if (hasEnded) once(`${consultation} unlinked from ${idOf(letter)}`, undone)
    else if (undone.length > 0) problems.push(`${consultation} unlinked from ${idOf(letter)}, which is open`)
  }

  for (const letter of sent.filter((event) => named(event, 'supersedes'))) {
    const stream = `referral-${text(letter, 'supersedes')}`
    const closed = ended.filter((event) => event.stream === stream)
    once(`${stream} closed because it was sent anew`, closed)
    const [end] = closed
    const others = sent.filter((one) => named(one, 'supersedes') && text(one, 'supersedes') === idIn(stream))
    if (end && !others.some((one) => idOf(one) === text(end, 'supersededBy')))
      problems.push(`${stream} closed by ${text(end, 'supersededBy')}, which does not supersede it`)
  }

  for (const visit of of('VisitRecorded').filter((event) => named(event, 'childAdded'))) {
    const { personId } = (visit.data as unknown as { childAdded: { personId: string } }).childAdded
    const family = `family-${text(visit, 'familyId')}`
    once(
      `${personId} added to ${family}`,
      of('ChildAdded').filter((event) => event.stream === family && childIn(event) === personId),
    )
  }

  for (const begun of of('MembershipRegistered').filter((event) => named(event, 'familyId'))) {
    const isActive = !of('MembershipEnded').some(({ stream }) => stream === begun.stream)
    const notes = of('FamilyMembershipNoted').filter(
      (event) =>
        event.stream === `family-${text(begun, 'familyId')}` && text(event, 'membershipId') === idOf(begun),
    )
    const last = notes.at(-1)
    if (!last || text(last, 'active') !== String(isActive))
      problems.push(`${begun.stream} is ${isActive ? '' : 'not '}active and noted as ${last?.data.active}`)
    // It is noted when it begins and when it ends, or once where both were seen together.
    const changes = notes.map((note) => text(note, 'active'))
    if (changes.some((now, i) => now === changes[i - 1]))
      problems.push(`${begun.stream} noted twice as the same: ${changes.join()}`)
  }
  return problems
}

const childIn = ({ data }: Stored) =>
  (data as { readonly child?: { readonly personId: string } }).child?.personId

const idIn = (stream: string): string => stream.slice(stream.indexOf('-') + 1)
