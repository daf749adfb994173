import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isLoopback, isPublic } from '#infra/outgoing/address.ts'
import { isLocalhost } from '#infra/outgoing/destination.ts'
import { ExchangeFailure } from '#infra/outgoing/failure.ts'

/**
 * A lookup for `net.connect` that answers only addresses we may connect to. The socket connects to the very addresses that were
 * judged, so a name that leads elsewhere a moment later gains nothing. One address that is not public refuses them all: such a name
 * is either a mistake or an attempt.
 *
 * Sockets that look for the same name at the same time share one answer: a name server that never answers holds one thread of the
 * pool, not one for each of them.
 *
 * `loopback`: `localhost` may lead to this machine, and must; no other name may.
 */
export const judgedLookup = (
  lookup: LookupFunction,
  { loopback }: { readonly loopback: boolean },
): LookupFunction => {
  const asked = new Map<string, Promise<readonly LookupAddress[]>>()
  const find = (name: string): Promise<readonly LookupAddress[]> => {
    const found = asked.get(name) ?? addressesOf(lookup, name).finally(() => asked.delete(name))
    asked.set(name, found)
    return found
  }
  return (name, options, callback) => {
    const isAllowed = loopback && isLocalhost(name) ? isLoopback : isPublic
    const answer = (found: readonly LookupAddress[]) => {
      const [first] = found
      if (first === undefined) return callback(new ExchangeFailure('dns'), '')
      if (!found.every(({ address }) => isAllowed(address)))
        return callback(new ExchangeFailure('blocked'), '')
      if (options.all) return callback(null, [...found])
      return callback(null, first.address, first.family)
    }
    find(name).then(answer, () => callback(new ExchangeFailure('dns'), ''))
  }
}

const addressesOf = (lookup: LookupFunction, name: string): Promise<readonly LookupAddress[]> =>
  new Promise((resolve, reject) =>
    lookup(name, { all: true }, (error, found, family) => {
      if (error !== null) reject(error)
      else resolve(typeof found === 'string' ? [{ address: found, family: family ?? 0 }] : found)
    }),
  )
