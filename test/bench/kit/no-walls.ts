import type { Keyring } from '#domain/kernel/keyring.ts'
import type { Reveal } from '#src/access/reveal.ts'
import type { Shop } from '#src/http/context.ts'

/** Where the server of the benches has a route without walls: this before its path. */
export const UNWALLED = '/unwalled'

const notATimeline = (): never => {
  throw new Error('only the timeline is read without walls')
}

/** Every entry as it stands in the view; none of it is watched. */
const everything: Reveal = {
  signature: '',
  hidesWhereabouts: false,
  entry: (entry) => ({ entry, redacted: [], effect: 'allow' }),
  atHand: () => undefined,
  explain: () => ({ effect: 'allow', ruleId: 'none', logged: false, redacted: [] }),
  hasEntry: () => true,
  family: notATimeline,
  item: notATimeline,
  thing: notATimeline,
  released: () => undefined,
}

/** The name of the one who recorded it all is sealed here, too: opened once, and then known. */
const openedOnce = (keyring: Keyring): Keyring => {
  const known = new Map<string, ReturnType<Keyring['open']>>()
  return {
    ...keyring,
    open(sealed) {
      const text = known.get(sealed) ?? keyring.open(sealed)
      known.set(sealed, text)
      return text
    },
  }
}

/**
 * The same shop in which nobody asks whether they may, nothing has to be opened and nobody is written down. It can be had of
 * the benches only: the program itself has no way to take its walls down.
 */
export const withoutWalls = (
  shop: Omit<Shop, 'relation' | 'reveal' | 'accessLog' | 'hidesWhereabouts'>,
): Shop => ({
  ...shop,
  system: { ...shop.system, keyring: openedOnce(shop.system.keyring) },
  relation: { mayRead: async () => true, mayWrite: async () => true },
  reveal: async () => everything,
  accessLog: { viewed: async () => undefined, refused: async () => undefined },
  hidesWhereabouts: async () => false,
})
