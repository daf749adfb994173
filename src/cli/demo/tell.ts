import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import { systemActor } from '#domain/kernel/metadata.ts'
import { addDays, japanDate, startOfDay } from '#domain/kernel/time.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { organization } from '#domain/organization/organization.ts'
import { staff } from '#domain/staff/staff.ts'
import { relationIn } from '#src/access/relation.ts'
import type { System } from '#src/system.ts'
import { doorsOf } from '#src/write/commands.ts'
import type { Execute } from '#src/write/execute.ts'
import { handler } from '#src/write/handle.ts'
import type { Colleague, Done, Moment, Story } from './story.ts'

/** A clock that stands until it is moved. */
export type StoryClock = { now(): string; set(instant: string): void }

export const instantOf = (moment: Moment): string =>
  new Date(`${moment.replace(' ', 'T')}+09:00`).toISOString()

export const storyClock = (start: Moment): StoryClock => {
  let now = instantOf(start)
  return {
    now: () => now,
    set(instant) {
      if (instant < now) throw new Error(`the story’s clock cannot go back from ${now} to ${instant}`)
      now = instant
    },
  }
}

/** The night shift looks for missed deadlines five minutes after midnight. */
const AT_NIGHT_MS = 5 * 60_000
const SETTLE_MS = 10_000

/** Lets time pass, night after night, as it would in a running system. */
export const passTime = async (
  { processes, store }: System,
  clock: StoryClock,
  until: string,
): Promise<void> => {
  await processes.settled(await store.head(), SETTLE_MS)
  for (let day = addDays(japanDate(clock.now()), 1); day <= japanDate(until); day = addDays(day, 1)) {
    const night = new Date(Date.parse(startOfDay(day)) + AT_NIGHT_MS).toISOString()
    if (night > until) break
    if (night < clock.now()) continue
    clock.set(night)
    if ((await processes.tick()) > 0) await processes.settled(await store.head(), SETTLE_MS)
  }
  clock.set(until)
}

/** Tells stories side by side through the real commands, each row at its own moment by the one who did it. */
export const tell = async (
  system: System,
  clock: StoryClock,
  stories: readonly Story[],
  until?: Moment,
): Promise<void> => {
  const give = giver(system)
  const newcomers = stories.flatMap(({ colleagues }) =>
    colleagues.map((colleague) => ({ at: colleague.since, colleague })),
  )
  const rows = stories.flatMap((story) =>
    story.rows.flatMap((row) => (row.kind === 'done' ? [{ at: row.at, row }] : [])),
  )
  // Newcomers first: whoever begins at an hour may act in it.
  const told = [...newcomers, ...rows].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  for (const one of told) {
    if (until !== undefined && one.at > until) break
    await passTime(system, clock, instantOf(one.at))
    if ('colleague' in one) await welcome(system, clock, one.colleague)
    else await give(one.row)
  }
  if (until !== undefined) await passTime(system, clock, instantOf(until))
}

/** Through the same door as every request: who it is, may they, execute, and what follows. */
export const giver = (system: System) => {
  const handle = handler(system, relationIn(system))
  const doors = doorsOf(lifecycles)
  return async ({ row, by, of, command, id, data }: Done): Promise<void> => {
    const door = doors.find(({ lifecycle, name }) => lifecycle.name === of.name && name === command)
    if (!door) throw new Error(`no command ${command}`)
    const { staffId, role, organization: organizationId, site: siteId } = by
    const principal = { staffId, role, organizationId, ...(siteId && { siteId }) }
    const answer = await handle({ door, id, body: data, principal, key: `${row}-${command}-${id}` })
    if (answer.kind !== 'done') throw new Error(`row ${row}, ${command}: ${JSON.stringify(answer)}`)
  }
}

/** The directory learns of somebody, as `system` does it. */
export const welcome = async (
  { execute }: { readonly execute: Execute },
  clock: Pick<StoryClock, 'now'>,
  { staffId, name, role, organization: workplace, site }: Omit<Colleague, 'since'>,
): Promise<void> => {
  const data = { role, organization: workplace, ...(site && { site }), displayName: name }
  await bySystem(execute, clock, staff, 'RegisterStaff', staffId, data)
}

export const cityBureau = async (
  { execute }: { readonly execute: Execute },
  clock: Pick<StoryClock, 'now'>,
  id: string,
): Promise<void> =>
  bySystem(execute, clock, organization, 'RegisterOrganization', id, {
    kind: 'city',
    name: '横浜市こども青少年局',
    from: '2006-04-01',
  })

const bySystem = async (
  execute: Execute,
  clock: Pick<StoryClock, 'now'>,
  lifecycle: Lifecycle,
  name: string,
  id: string,
  data: Readonly<Record<string, unknown>>,
): Promise<void> => {
  const now = clock.now()
  const occurrence = { occurredAt: now, occurredOn: japanDate(now), precision: 'instant' } as const
  const outcome = await execute({
    lifecycle,
    name,
    id,
    data,
    actor: systemActor,
    occurrence,
    commandId: `${name}/${id}`,
  })
  if (outcome.kind !== 'done') throw new Error(`${name} ${id}: ${JSON.stringify(outcome)}`)
}
