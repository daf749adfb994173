import type { ReadStore } from '#domain/kernel/projection.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { retention } from '#domain/retention/retention.ts'
import { openItems } from '#projections/open-items.ts'
import { retentionDates } from '#projections/retention.ts'
import { bySystem } from '#src/write/by-system.ts'
import type { Execute } from '#src/write/execute.ts'

/** At most so many in one go; the rest follows with the next. */
const AT_ONCE = 200

/** Proposes the end of what has been kept long enough and has nothing open; deciding is for people (dossier 4.8). @returns how many */
export const proposeErasures = async ({
  views,
  execute,
  now,
}: {
  readonly views: ReadStore
  readonly execute: Execute
  readonly now: () => string
}): Promise<number> => {
  const at = now()
  const today = japanDate(at)
  const due = views.reader(retentionDates).list({
    where: { state: 'kept', keepUntil: { lt: today, gt: '' } },
    orderBy: [['keepUntil', 'asc']],
    limit: AT_ONCE,
  })
  let proposed = 0
  for (const { familyId, keepUntil, decidedByClass } of due) {
    if (views.reader(openItems).count({ where: { family: familyId } }) > 0) continue
    const outcome = await execute(
      bySystem({
        lifecycle: retention,
        name: 'ProposeErasure',
        id: familyId,
        data: { keepUntil, decidedByClass },
        occurrence: { occurredAt: at, occurredOn: today, precision: 'instant' },
        commandId: `erasure/${familyId}/${today}`,
      }),
    )
    if (outcome.kind === 'done' && outcome.facts.length > 0) proposed += 1
  }
  return proposed
}
