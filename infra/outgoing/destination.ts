import { isIP } from 'node:net'
import { isLoopback, isPublic } from '#infra/outgoing/address.ts'

/**
 * `tooLong`      more than 2,000 characters
 * `notAUrl`      no absolute URL
 * `notHttps`     neither https nor, in dev mode, http to this machine
 * `hasUserinfo`  a name or a password before the host: both end up in logs
 * `hasFragment`  a part that is never sent
 * `notPublic`    a host that is, or by its name can only be, in somebody's own network
 */
export type DestinationProblem =
  | 'tooLong'
  | 'notAUrl'
  | 'notHttps'
  | 'hasUserinfo'
  | 'hasFragment'
  | 'notPublic'

export type Destination = { readonly url: URL } | { readonly problem: DestinationProblem }

const MOST_CHARACTERS = 2_000

/** Names that never lead out (RFC 6761, 6762, 8375, and what routers and clouds use). One label alone leads to a neighbour. */
const INNER_NAME =
  /^[^.]*$|(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa)$/

/**
 * What can be said of a URL by looking at it. Keep `url.href`, not the text that was given: it has one spelling for each host,
 * whatever was octal, hexadecimal, percent-encoded, wide or upper case.
 *
 * A name that passes may still lead into our own network: whether it does is seen only when connecting (`judgedLookup`).
 *
 * `loopback`: dev mode. Allows `localhost`, `127.0.0.0/8` and `::1` too, and http to these; nothing else.
 */
export const destinationIn = (text: string, { loopback }: { readonly loopback: boolean }): Destination => {
  if (text.length > MOST_CHARACTERS) return { problem: 'tooLong' }
  const url = URL.parse(text)
  if (url === null) return { problem: 'notAUrl' }
  const host = hostOf(url)
  const isOurs = loopback && isThisMachine(host)
  if (url.protocol !== 'https:' && !(isOurs && url.protocol === 'http:')) return { problem: 'notHttps' }
  if (url.username !== '' || url.password !== '') return { problem: 'hasUserinfo' }
  if (url.href.includes('#')) return { problem: 'hasFragment' }
  if (!isOurs && !isOutside(host)) return { problem: 'notPublic' }
  return { url }
}

/** The one name that may lead to this machine, and in dev mode only. */
export const isLocalhost = (name: string): boolean => name === 'localhost'

const isThisMachine = (host: string): boolean => isLocalhost(host) || isLoopback(host)

const isOutside = (host: string): boolean => (isIP(host) === 0 ? !INNER_NAME.test(host) : isPublic(host))

/** Without brackets, and without the dot at the end that makes a name absolute: taken off the URL too, no certificate has it. */
const hostOf = (url: URL): string => {
  if (url.hostname.startsWith('[')) return url.hostname.slice(1, -1)
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1)
  return url.hostname
}
