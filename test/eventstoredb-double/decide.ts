import type { Log } from './log.ts'
import { isSoftDeleted, keptOf, metadataStreamOf } from './stream-metadata.ts'

export type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint

export type Refused =
  | { readonly kind: 'wrong version'; readonly expected: Expected; readonly current: bigint | undefined }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'too large'; readonly limit: number }

export type Done = {
  readonly kind: 'done'
  readonly revision: bigint | undefined
  readonly position: bigint | undefined
}

export type Decision = Refused | Done | { readonly kind: 'write' }

/** As the server's own check: told again is done already, told halfway again is a wrong version. */
export const decide = (log: Log, stream: string, expected: Expected, ids: readonly string[]): Decision => {
  const known = log.stream(stream)
  if (known?.tombstone) return { kind: 'deleted' }
  const last = (known?.events.length ?? 0) - 1
  const current = last < 0 ? undefined : BigInt(last)
  const wrong: Refused = { kind: 'wrong version', expected, current }
  const done = (revision: number): Done => ({
    kind: 'done',
    revision: BigInt(revision),
    position: known?.events[revision]?.position,
  })

  if (expected === 'any' || expected === 'stream_exists') {
    if (expected === 'stream_exists' && last < 0 && !log.stream(metadataStreamOf(stream))) return wrong
    const before = ids
      .map((id) => log.byId(id))
      .map((event) => (event?.stream === stream ? event : undefined))
    if (!before[0]) return { kind: 'write' }
    return before.every((event) => event !== undefined) ? done(Number(before.at(-1)?.revision)) : wrong
  }

  const at = expected === 'no_stream' ? -1 : Number(expected)
  if (at > last) return wrong
  if (at === last) return { kind: 'write' }
  const same = ids.filter((id, offset) => known?.events[at + 1 + offset]?.id === id).length
  if (ids.length > 0 && same === ids.length) return done(at + ids.length)
  const recreates = same === 0 && expected === 'no_stream' && isSoftDeleted(keptOf(log, stream))
  return recreates ? { kind: 'write' } : wrong
}
