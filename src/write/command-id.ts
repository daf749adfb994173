import { hash, randomFillSync } from 'node:crypto'

/**
 * Event ids come from the command's id and a number, so that a repeated command meets its own events in any engine.
 * They keep the time of a UUIDv7 key in front: ids in the order of time are what a unique index likes (ARCHITECTURE 3.3).
 */
export const derivedId = (namespace: string, key: string, index: number | string): string => {
  const hex = hash('sha256', `${namespace}\u0000${key}\u0000${index}`)
  return asUuid(UUID_V7.test(key) ? timeIn(key) + hex.slice(12) : hex, '8')
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
const timeIn = (uuid: string): string => (uuid.slice(0, 8) + uuid.slice(9, 13)).toLowerCase()

/** A fresh UUIDv7: the id of a command whose sender gave it none. */
export const uuidV7 = (now = Date.now()): string => {
  if (used + 10 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = Buffer.allocUnsafe(16)
  bytes.writeUIntBE(now, 0, 6)
  pool.copy(bytes, 6, used, used + 10)
  used += 10
  return asUuid(bytes.toString('hex'), '7')
}
const pool = Buffer.alloc(4_000)
let used = pool.length

/** Version 8 (custom) or 7, variant RFC 9562. */
function asUuid(hex: string, version: '7' | '8'): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The same for the same content, whatever the order of its keys. */
export const fingerprint = (value: unknown): string =>
  hash('sha256', canonical(value), 'base64url').slice(0, 22)

const canonical = (value: unknown): string => JSON.stringify(inOrder(value))

const inOrder = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null) return value
  const fields = value as Readonly<Record<string, unknown>>
  // Without a prototype `__proto__` is a key like any other.
  const ordered = Object.create(null) as Record<string, unknown>
  for (const key of Object.keys(fields).sort(byName)) ordered[key] = inOrder(fields[key])
  return ordered
}

const byName = (a: string, b: string): number => (a < b ? -1 : 1)
