import type { Connection } from '#infra/eventstoredb/connection.ts'
import { cleaned } from './clean.ts'
import { INDEX_STREAM, indexKeyKept, streamOf } from './facts.ts'
import { fillKeys } from './fill.ts'
import type { SharedParts } from './provide.ts'
import { DELETED } from './streams.ts'
import { tidier } from './tidy.ts'

/**
 * Goes through all streams of keys and leaves nothing in them that lies under another key-encryption key than the present one. What
 * another run has done already is only looked at, so it may be interrupted anywhere.
 */
export const rotator = (parts: SharedParts & { readonly connection: Connection }) => {
  const { streams, copy, local, connection } = parts
  const tidy = tidier(parts)
  let left: string[] | undefined

  const rotateIndexKey = async (): Promise<void> => {
    for (;;) {
      const found = await streams.read(INDEX_STREAM)
      if (found === DELETED) return
      const keys = found.facts.flatMap((fact) => (fact.kind === 'index' ? fact : []))
      const newest = keys.at(-1)
      if (!newest || keys.every(({ under }) => under === local.current)) return
      const wrapped = local.rewrappedIndex()
      const at = await streams.append(INDEX_STREAM, found.version, [
        indexKeyKept(newest.cluster, local.current, wrapped),
      ])
      if (typeof at !== 'bigint') continue
      copy.take([{ ...newest, at, version: found.version + 1, under: local.current, wrapped }])
      await streams.cut(INDEX_STREAM, found.version)
      return
    }
  }
  const begin = async (): Promise<string[]> => {
    await fillKeys(connection, copy)
    await rotateIndexKey()
    return [...new Set(local.all().map(streamOf))]
  }

  return async (batch = 500): Promise<number> => {
    left ??= await begin()
    let wrapped = 0
    for (let [next] = left; next !== undefined && wrapped < batch; [next] = left) {
      wrapped += await tidy(next, { rewrap: true })
      left.shift()
    }
    if (wrapped > 0) return wrapped
    left = undefined
    await cleaned(local)
    return 0
  }
}
