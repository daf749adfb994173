import type { z } from 'zod'
import type { Lifecycle } from '#domain/kernel/lifecycle.ts'
import type { Role } from '#domain/kernel/metadata.ts'
import type { Circumstances } from '#src/write/occurrence.ts'

/** `YYYY-MM-DD HH:mm` on the clock in Japan. */
export type Moment = `${number}-${string}-${string} ${string}:${string}`

export type Colleague = {
  readonly staffId: string
  readonly name: string
  readonly role: Role
  readonly organization: string
  readonly site?: string
  /** The day they took up the post. */
  readonly since: Moment
}

/** Somebody did something and recorded it at that moment. */
export type Done = {
  readonly kind: 'done'
  /** The dossier's row, such as `A3`; `A0` and `C0` are what it takes as given. */
  readonly row: string
  readonly at: Moment
  readonly by: Colleague
  readonly of: Lifecycle
  readonly command: string
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What the clocks find out by themselves. */
export type Detected = {
  readonly kind: 'detected'
  readonly row: string
  readonly at: Moment
  readonly event: string
}

/** What belongs to the story and cannot be recorded yet: its lifecycle comes later. */
export type Later = {
  readonly kind: 'later'
  readonly row: string
  readonly at: Moment
  readonly event: string
  readonly text: string
  /** What of it today's commands carry. */
  readonly meanwhile?: string
}

export type Row = Done | Detected | Later

export type Story = {
  readonly letter: 'A' | 'C'
  readonly title: string
  readonly familyId: string
  readonly colleagues: readonly Colleague[]
  /** In the order of recording. */
  readonly rows: readonly Row[]
}

type DataOf<L extends Lifecycle, C extends keyof L['commands']> = L['commands'][C] extends {
  readonly schema: infer S extends z.ZodObject
}
  ? z.input<S> & Partial<z.input<z.ZodObject<Said>>>
  : never
type Said = { readonly [K in keyof Circumstances]: z.ZodType<unknown, Circumstances[K]> }

/** `done({ row, at, by, of: visit, command: 'RecordVisit', id, data })`: the data has the command's own type. */
export const done = <const L extends Lifecycle, const C extends keyof L['commands'] & string>(
  row: Omit<Done, 'kind' | 'of' | 'command' | 'data'> & {
    readonly of: L
    readonly command: C
    readonly data: DataOf<L, C>
  },
): Done => ({ kind: 'done', ...row })

export const detected = (row: string, at: Moment, event: string): Detected => ({
  kind: 'detected',
  row,
  at,
  event,
})

export const later = (row: string, at: Moment, event: string, text: string, meanwhile?: string): Later => ({
  kind: 'later',
  row,
  at,
  event,
  text,
  ...(meanwhile !== undefined && { meanwhile }),
})

/** Fixed UUIDs, so that whoever tries something out finds the same family tomorrow. */
export const idsOf =
  (story: 'a' | 'c') =>
  (kind: number, number: number): string =>
    `0000000${story}-00${kind.toString(16).padStart(2, '0')}-4000-8000-${number.toString(16).padStart(12, '0')}`
