import { rmSync } from 'node:fs'
import type { EventStore, Stored } from '#domain/kernel/event-store.ts'
import { KeyMissing, type Keyring, labelOf } from '#domain/kernel/keyring.ts'
import { mapTexts } from '#domain/kernel/sealing.ts'

/** The log holds personal data whose keys are not here. Nothing is started: an empty-looking family is worse than no answer. */
export class KeysDoNotFit extends Error {
  override readonly name = 'KeysDoNotFit'
}

/** How far the beginning of a log is searched for something sealed, and how far back from its end every key is tried. */
const LOOKED_AT_MOST = 20_000
const NEWEST = 5_000n
const PAGE = 500

/**
 * The log's first sealed value says whether these are its keys, the newest ones whether all of them are here: an older key file
 * lacks those of newer families. Keys that were destroyed are known to have been.
 * @throws KeysDoNotFit when what is sealed in this log was not sealed with these keys
 */
export const refuseOtherKeys = async (options: {
  readonly store: EventStore
  readonly keyring: Keyring
  readonly hadKeys: boolean
  readonly file: string
}): Promise<void> => {
  const { store, keyring, hadKeys, file } = options
  try {
    for (const sealed of [...(await firstSealed(store)), ...(await newestSealed(store))]) keyring.open(sealed)
  } catch (error) {
    if (!(error instanceof KeyMissing)) throw error
    keyring.close()
    await store.close()
    // An empty file made just now would look like the real one next time.
    if (!hadKeys) for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
    throw new KeysDoNotFit(
      hadKeys
        ? `the keys in ${file} are not those of this event log, or not all of them: put its own key file back, the newest there is (docs/keys.md)`
        : `the key file ${file} is missing, and the event log holds personal data under its keys: put it back from its backup (docs/keys.md)`,
    )
  }
}

/** How long the copy of the log is waited for. A new node fills it for longer, and has its keys from the same server. */
const LOOK_MS = 10_000

/**
 * On a cluster the keys come from where the log comes from, and whether the key-encryption key is theirs was found out when they
 * were opened. What is left to ask is whether the log lies under them at all.
 * @throws KeysDoNotFit
 */
export const refuseUnreadableLog = async (options: {
  readonly store: EventStore
  readonly keyring: Pick<Keyring, 'open'>
}): Promise<void> => {
  const sealed = await firstToCome(options.store)
  try {
    if (sealed !== undefined) options.keyring.open(sealed)
  } catch (error) {
    if (!(error instanceof KeyMissing)) throw error
    throw new KeysDoNotFit('the keys on this cluster are not those of its event log (docs/keys.md)')
  }
}

const firstToCome = async (store: EventStore): Promise<string | undefined> => {
  let looked = 0
  for await (const { events, caughtUp } of store.follow(0n, AbortSignal.timeout(LOOK_MS))) {
    const [found] = events.flatMap(sealedIn)
    looked += events.length
    if (found !== undefined || caughtUp || looked >= LOOKED_AT_MOST) return found
  }
  return undefined
}

const firstSealed = async (store: EventStore): Promise<readonly string[]> => {
  let position = 0n
  for (let looked = 0; looked < LOOKED_AT_MOST; looked += PAGE) {
    const page = await store.after(position, PAGE)
    const found = page.flatMap(sealedIn).slice(0, 1)
    if (found.length > 0 || page.length < PAGE) return found
    position = page.at(-1)?.position ?? position
  }
  return []
}

/** One for each key. Positions rise by one or more with each event: there are never more than so many after this one. */
const newestSealed = async (store: EventStore): Promise<readonly string[]> => {
  const head = await store.head()
  const byKey = new Map<string, string>()
  let position = head > NEWEST ? head - NEWEST : 0n
  while (position < head) {
    const page = await store.after(position, PAGE)
    for (const sealed of page.flatMap(sealedIn)) byKey.set(labelOf(sealed).keyId, sealed)
    position = page.at(-1)?.position ?? head
  }
  return [...byKey.values()]
}

const sealedIn = ({ data, metadata }: Stored): readonly string[] => {
  const found: string[] = []
  mapTexts([data, metadata], '', (sealed) => {
    found.push(sealed)
    return sealed
  })
  return found
}
