import t from 'tap'
import { z } from 'zod'
import { decoder, UnreadableEvent } from '#domain/kernel/codec.ts'
import { factsOf, schemaVersionOf } from '#domain/kernel/event.ts'
import type { Stored } from '#domain/kernel/event-store.ts'
import { text } from '#domain/kernel/schema.ts'

const fact = factsOf({ dataClass: 'visit', function: 'dropInSpace' })
const title = { ja: '来所', en: 'Visit' }

/** A visit that was once a head count, then one kind of visitor, and is a party today. */
const events = {
  Came: fact(
    z.object({
      visitors: z.array(z.object({ kind: z.string(), number: z.int() })),
      note: text(20).optional(),
    }),
    {
      title,
      upcasts: [
        ({ heads, ...rest }) => ({ ...rest, kind: 'unknown', number: heads }),
        ({ kind, number, ...rest }) => ({ ...rest, visitors: [{ kind, number }] }),
      ],
    },
  ),
  Left: fact(z.object({ at: z.string() }), { title }),
}
const decode = decoder(events)

const stored = (type: string, schemaVersion: number, data: Readonly<Record<string, unknown>>): Stored => ({
  id: '0190a1b2-0000-7000-8000-000000000001',
  type,
  schemaVersion,
  data,
  stream: 'visit-1',
  version: 3,
  position: 7n,
  recordedAt: '2022-02-17T00:00:00.000Z',
  metadata: {
    occurredAt: '2022-02-17T00:00:00.000Z',
    occurredOn: '2022-02-17',
    precision: 'instant',
    actor: { staffId: 'nakamura', role: 'hubStaff', organizationId: 'ORG-141097-H' },
    dataClass: 'visit',
    correlationId: 'c',
    causationId: 'c',
    commandId: 'c',
    commandHash: 'h',
  },
})

t.test('the version of an event is the number of its upcasts and one', async (t) => {
  t.equal(schemaVersionOf(events.Came), 3)
  t.equal(schemaVersionOf(events.Left), 1)
})

t.test('an old event takes every step from its own version on', async (t) => {
  const today = { visitors: [{ kind: 'mother', number: 2 }] }
  t.strictSame(decode(stored('Came', 1, { heads: 2 })).data, { visitors: [{ kind: 'unknown', number: 2 }] })
  t.strictSame(decode(stored('Came', 2, { kind: 'mother', number: 2 })).data, today)
  t.strictSame(decode(stored('Came', 3, today)).data, today)
})

t.test('what older versions said besides is kept', async (t) => {
  t.match(decode(stored('Came', 1, { heads: 2, note: '雨の日' })).data, { note: '雨の日' })
})

t.test('the envelope stays as it was recorded', async (t) => {
  const old = stored('Came', 1, { heads: 2 })
  const { data: _, ...envelope } = decode(old)
  const { data: __, ...before } = old
  t.strictSame(envelope, before)
})

t.test('what this program cannot read stops whoever meets it', async (t) => {
  const unreadable = (
    type: string,
    version: number,
    data: Readonly<Record<string, unknown>>,
    reason: RegExp,
  ) =>
    t.throws(
      () => decode(stored(type, version, data)),
      Object.assign(new UnreadableEvent(), { message: reason }),
    )
  unreadable('Came', 4, { visitors: [] }, /Came v4 at position 7: written by a newer version/)
  unreadable('Left', 2, { at: '10:00' }, /written by a newer version/)
  unreadable('Gone', 1, {}, /Gone v1 at position 7: not in the catalogue/)
  unreadable('Came', 3, { visitors: 'two' }, /Came v3 at position 7: \/visitors invalid_type/)
  unreadable('Came', 1, {}, /\/visitors\/0\/number invalid_type/)
})

t.test('a name of JavaScript’s own is not an event', async (t) => {
  for (const type of ['constructor', 'toString', '__proto__'])
    t.throws(
      () => decode(stored(type, 1, {})),
      Object.assign(new UnreadableEvent(), { message: /not in the catalogue/ }),
      type,
    )
})

t.test('what cannot be read is named without saying what it holds', async (t) => {
  try {
    decode(stored('Came', 3, { visitors: [], note: '090-0000-0001'.repeat(3) }))
    t.fail('should not be readable')
  } catch (error) {
    t.notMatch(String(error), /090/)
    t.match(String(error), /\/note invalid_union/)
  }
})
