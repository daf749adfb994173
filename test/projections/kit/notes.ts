import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { decoder } from '#domain/kernel/codec.ts'
import { type EventOf, factsOf, streamName } from '#domain/kernel/event.ts'
import type { Appending } from '#domain/kernel/event-store.ts'
import { type Projection, projection } from '#domain/kernel/projection.ts'
import { event } from '#test/contract/event-store.ts'

/** A small world of its own: notes that are written, moved on and thrown away. */
const fact = factsOf({ dataClass: 'visit', function: 'dropInSpace' })
const title = { ja: 'メモ', en: 'Note' }

export const catalogue = {
  NoteWritten: fact(
    z.object({ note: z.string(), about: z.string().optional(), due: z.number().optional() }),
    { title },
  ),
  NoteMarked: fact(z.object({ note: z.string(), mark: z.string().optional() }), { title }),
  NoteThrownAway: fact(z.object({ note: z.string() }), { title }),
}
export type NoteEvent = EventOf<typeof catalogue>
export const decode = decoder(catalogue)

export type Note = {
  readonly note: string
  readonly about?: string | undefined
  readonly due?: number | undefined
  readonly mark?: string | undefined
  readonly marks: number
}

export const notes = projection<Note, NoteEvent>()({
  name: 'notes',
  version: 1,
  columns: {
    about: { type: 'text', of: ({ about }) => about ?? null },
    due: { type: 'integer', of: ({ due }) => due ?? null },
    marks: { type: 'integer', of: ({ marks }) => marks },
  },
  indexes: [['about', 'due']],
  apply({ type, data }, rows) {
    const before = rows.get(data.note)
    switch (type) {
      case 'NoteWritten':
        return rows.put(data.note, { ...before, ...data, marks: before?.marks ?? 0 })
      case 'NoteMarked':
        return before && rows.put(data.note, { mark: data.mark, ...before, marks: before.marks + 1 })
      case 'NoteThrownAway':
        return rows.delete(data.note)
    }
  },
})

/** How many events there were, in one row that every event touches. */
export const tally = projection<{ readonly events: number }, NoteEvent>()({
  name: 'tally',
  version: 1,
  columns: {},
  indexes: [],
  apply: (_, rows) => rows.put('all', { events: (rows.get('all')?.events ?? 0) + 1 }),
})

export const noteStream = streamName('note', 'all')

const of = (type: NoteEvent['type'], data: Appending['data']): Appending => ({
  ...event(data),
  id: randomUUID(),
  type,
})
export const written = (note: string, more: { about?: string; due?: number } = {}) =>
  of('NoteWritten', { note, ...more })
export const marked = (note: string, mark?: string) =>
  of('NoteMarked', { note, ...(mark !== undefined && { mark }) })
export const thrownAway = (note: string) => of('NoteThrownAway', { note })

/** The projection with another fold: one that breaks, one that was fixed, one of a new version. */
export const changed = (of: Projection, change: Partial<Projection>): Projection => ({ ...of, ...change })

/** Throws at every event that says so. */
export const stumbling = (over: Projection): Projection =>
  changed(over, {
    apply(event, rows, secrets) {
      const { note } = event.data as { note: string }
      // What it has put before it throws must not stay.
      rows.put(`half-done ${note}`, { note, marks: 0 })
      if (note === 'stone') throw new TypeError('stumbled')
      rows.delete(`half-done ${note}`)
      over.apply(event, rows, secrets)
    },
  })
