import { catalogue } from '#domain/events.ts'
import type { AnyEvent, Catalogue, Recorded, StreamName } from '#domain/kernel/event.ts'
import type { Metadata } from '#domain/kernel/metadata.ts'
import * as c from '#test/kit/controls.ts'
import { type Fact, fact } from '#test/kit/facts.ts'

export const specs: Catalogue = catalogue

type Around = Partial<Metadata> & { readonly on?: string }

export type Told = readonly [stream: string, happened: Fact, around?: Around]

/** A fact as it lies in the log: in the order told, each on its day, by the hub's partner about the family unless said. */
export const logOf = (...told: readonly Told[]): readonly Recorded[] =>
  told.map(([stream, happened, { on = '2022-02-17', ...around } = {}], i) => ({
    type: happened.type,
    data: (happened as AnyEvent).data,
    id: eventId(i),
    stream: stream as StreamName,
    version: 1,
    position: BigInt(i + 1),
    recordedAt: `${on}T0${Math.floor(i / 60)}:${String(i % 60).padStart(2, '0')}:00.000Z`,
    metadata: {
      occurredAt: `${on}T00:00:00.000Z`,
      occurredOn: on,
      precision: 'day',
      actor: c.partner,
      dataClass: specs[happened.type]?.dataClass ?? 'audit',
      familyId: c.family,
      correlationId: 'x',
      causationId: 'x',
      commandId: 'x',
      commandHash: 'x',
      ...around,
    },
  }))

export const eventId = (i: number) => `0190a1b2-eeee-7000-8000-${String(i).padStart(12, '0')}`
export { c, fact }
