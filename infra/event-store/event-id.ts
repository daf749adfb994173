const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Sixteen bytes in a file, one spelling everywhere: an id that differs only in case is the same id. */
export const canonicalId = (id: string): string => {
  if (!UUID.test(id)) throw new TypeError(`event id ${JSON.stringify(id)} is not a UUID`)
  return id.toLowerCase()
}

export const isEventId = (id: string): boolean => UUID.test(id)

export const idBytes = (canonical: string): Buffer => Buffer.from(canonical.replaceAll('-', ''), 'hex')

export const idText = (bytes: Buffer): string => {
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
