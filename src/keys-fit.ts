import { rmSync } from 'node:fs'
import type { EventStore, Stored } from '#domain/kernel/event-store.ts'
import { KeyMissing, type Keyring } from '#domain/kernel/keyring.ts'
import { mapTexts } from '#domain/kernel/sealing.ts'

/** The log holds personal data whose keys are not here. Nothing is started: an empty-looking family is worse than no answer. */
export class KeysDoNotFit extends Error {
  override readonly name = 'KeysDoNotFit'
}

/** How far the beginning of a log is searched for something sealed. */
const LOOKED_AT_MOST = 20_000
const PAGE = 500

/** @throws KeysDoNotFit when what is sealed in this log was not sealed with these keys */
export const refuseOtherKeys = async (options: {
  readonly store: EventStore
  readonly keyring: Keyring
  readonly hadKeys: boolean
  readonly file: string
}): Promise<void> => {
  const { store, keyring, hadKeys, file } = options
  const sealed = await firstSealed(store)
  if (sealed === undefined) return
  try {
    keyring.open(sealed)
  } catch (error) {
    if (!(error instanceof KeyMissing)) throw error
    keyring.close()
    await store.close()
    // An empty file made just now would look like the real one next time.
    if (!hadKeys) for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
    throw new KeysDoNotFit(
      hadKeys
        ? `the keys in ${file} are not those of this event log: put its own key file back (docs/keys.md)`
        : `the key file ${file} is missing, and the event log holds personal data under its keys: put it back from its backup (docs/keys.md)`,
    )
  }
}

const firstSealed = async (store: EventStore): Promise<string | undefined> => {
  let position = 0n
  for (let looked = 0; looked < LOOKED_AT_MOST; looked += PAGE) {
    const page = await store.after(position, PAGE)
    const found = page.flatMap(sealedIn).at(0)
    if (found !== undefined || page.length < PAGE) return found
    position = page.at(-1)?.position ?? position
  }
  return undefined
}

const sealedIn = ({ data }: Stored): readonly string[] => {
  const found: string[] = []
  mapTexts(data, '', (sealed) => {
    found.push(sealed)
    return sealed
  })
  return found
}
