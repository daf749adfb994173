import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Looks public, but answers only inside Azure, for the machine that asks: its metadata (168.63.129.16). */
const AZURE_WIRE_SERVER = '168.63.129.16'

/**
 * Whether an address, in the spelling that a resolver or a parsed URL gives it, is globally routable unicast: what any stranger on
 * the internet could reach as well. Whatever else it is, or is not even an address, is not.
 *
 * An IPv4 address inside IPv6 (`::ffff:0:0/96`) is what it is by itself. Those that a gateway would take out and forward (6to4,
 * Teredo, NAT64, `::/96`) are never public: which network stands behind the gateway cannot be seen from here.
 */
export const isPublic = (address: string): boolean => {
  if (!isPlain(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  // ipaddr.js calls unicast what it has no name for, `::7f00:1` among it. Only 2000::/3 is given out.
  if (parsed instanceof ipaddr.IPv6) return ((parsed.parts[0] ?? 0) & 0xe000) === 0x2000
  return parsed.toString() !== AZURE_WIRE_SERVER
}

/** `127.0.0.0/8` and `::1`, and not the same in another disguise. */
export const isLoopback = (address: string): boolean =>
  isPlain(address) && ipaddr.parse(address).range() === 'loopback'

/** ipaddr.js reads `0177.1` as an address too, and `::8.8.8.8` as `::ffff:8.8.8.8`. A zone belongs to one of our own interfaces. */
const isPlain = (address: string): boolean =>
  isIP(address) !== 0 && !/%|^::\d+\./.test(address) && ipaddr.isValid(address)
