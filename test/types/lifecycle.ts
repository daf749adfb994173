import { z } from 'zod'
import { type FamilyId, VisitId } from '#domain/ids.ts'
import { type EventOf, factsOf } from '#domain/kernel/event.ts'
import { commandsOn, lifecycleOf, refuse } from '#domain/kernel/lifecycle.ts'

/**
 * What the compiler promises, said to the compiler: `tsc` reads this file, nothing runs it. A promise that no longer holds
 * turns its `@ts-expect-error` into an error.
 */
const fact = factsOf({ dataClass: 'visit', function: 'dropInSpace' })
const title = { ja: '', en: '' }
const events = {
  DoorOpened: fact(z.object({ visit: VisitId }), { title }),
  DoorClosed: fact(z.object({ by: z.string() }), { title }),
}
type DoorEvent = EventOf<typeof events>
type Door = { readonly status: 'none' } | { readonly status: 'open' | 'closed'; readonly visit: Visit }
type Visit = z.output<typeof VisitId>

const command = commandsOn<Door, DoorEvent>()
const shared = { summary: '', by: ['hubStaff'], schema: z.strictObject({}) } as const

const CloseDoor = command({
  ...shared,
  from: ['open'],
  emits: ['DoorClosed'],
  decide: (state) =>
    state.visit.length > 0
      ? [{ type: 'DoorClosed', data: { by: 'wind' } }]
      : refuse('door/locked', 'Ask for the key.'),
})

const evolve = {
  DoorOpened: (_: Door, { visit }: { visit: Visit }): Door => ({ status: 'open', visit }),
  DoorClosed: (state: Door): Door => (state.status === 'none' ? state : { ...state, status: 'closed' }),
}
const door = {
  name: 'door',
  collection: 'doors',
  titleJa: '扉',
  events,
  initial: { status: 'none' },
  familyOf: () => undefined,
} as const

export const good = lifecycleOf<Door, DoorEvent>()({
  ...door,
  refusals: { 'door/locked': 'The door is locked.' },
  evolve,
  commands: { CloseDoor },
})

export const undeclaredRefusal = lifecycleOf<Door, DoorEvent>()({
  ...door,
  refusals: { 'door/other': 'Another reason.' },
  evolve,
  // @ts-expect-error `door/locked` is not among the refusals
  commands: { CloseDoor },
})

export const missingEvolveLine = lifecycleOf<Door, DoorEvent>()({
  ...door,
  refusals: { 'door/locked': 'The door is locked.' },
  // @ts-expect-error `DoorClosed` changes nothing
  evolve: { DoorOpened: evolve.DoorOpened },
  commands: { CloseDoor },
})

export const unknownState = lifecycleOf<Door, DoorEvent>()({
  ...door,
  refusals: { 'door/locked': 'The door is locked.' },
  // @ts-expect-error no door is `ajar`
  evolve: { ...evolve, DoorClosed: (state) => ({ ...state, status: 'ajar' }) },
  commands: { CloseDoor },
})

export const undeclaredEvent = command({
  ...shared,
  from: ['open'],
  emits: ['DoorOpened'],
  // @ts-expect-error `DoorClosed` is not in `emits`
  decide: () => [{ type: 'DoorClosed', data: { by: 'wind' } }],
})

export const unknownEvent = command({
  ...shared,
  from: ['open'],
  // @ts-expect-error the catalogue has no such event
  emits: ['DoorPainted'],
  decide: () => [],
})

export const stateItCannotStartFrom = command({
  ...shared,
  // @ts-expect-error no door is `ajar`
  from: ['ajar'],
  emits: ['DoorClosed'],
  decide: () => [],
})

export const stateIsNarrowed = command({
  ...shared,
  from: ['none', 'open'],
  emits: ['DoorClosed'],
  // @ts-expect-error a door that is `none` has no visit
  decide: (state) => [{ type: 'DoorClosed', data: { by: state.visit } }],
})

export const missingField = command({
  ...shared,
  from: ['open'],
  emits: ['DoorClosed'],
  // @ts-expect-error `by` is required
  decide: () => [{ type: 'DoorClosed', data: {} }],
})

declare const family: z.output<typeof FamilyId>
declare const visit: Visit
const opened = (id: Visit): DoorEvent => ({ type: 'DoorOpened', data: { visit: id } })
export const ids = [
  opened(visit),
  // @ts-expect-error the id of a family is not the id of a visit
  opened(family),
  // @ts-expect-error nor is any string
  opened('0190a1b2-0001-7000-8000-000000000001'),
]

declare const state: Door
// @ts-expect-error states are never changed in place
state.status = 'closed'
