import type { Stored } from '#domain/kernel/event-store.ts'
import { mapTexts } from '#domain/kernel/sealing.ts'
import { quietLog } from '#src/cli/open.ts'
import type { Config } from '#src/config.ts'
import type { Data } from '#src/data/data.ts'
import { keyAccess } from '#src/data/keys.ts'
import { openData } from '#src/data/open.ts'
import type { Final } from './client.ts'

/** The log and its keys as a node sees them that comes now. */
export const openAsNewcomer = (config: Config): Promise<Data> =>
  openData({
    engine: config.EVENT_STORE,
    dataDir: config.DATA_DIR,
    keys: keyAccess(config.DATA_DIR, config.KEY_ENCRYPTION_KEY),
    log: quietLog,
  })

/** What is wrong with a log in itself. */
export const defectsOf = (log: readonly Stored[]): readonly string[] => {
  const problems: string[] = []
  const ids = new Set<string>()
  const versions = new Map<string, number>()
  const commands = new Map<string, { readonly stream: string; readonly version: number }>()
  let position = 0n
  for (const event of log) {
    const { id, stream, version, metadata } = event
    if (ids.has(id)) problems.push(`${id} is there twice`)
    ids.add(id)
    if (event.position <= position) problems.push(`${id} stands before ${position}`)
    position = event.position
    if (version !== (versions.get(stream) ?? 0) + 1)
      problems.push(`${stream} has ${version} after ${versions.get(stream) ?? 0}`)
    versions.set(stream, version)
    const command = `${metadata.actor.staffId} ${metadata.commandId}`
    const before = commands.get(command)
    if (before && (before.stream !== stream || before.version !== version - 1))
      problems.push(
        `${command} was carried out twice: ${before.stream}@${before.version}, ${stream}@${version}`,
      )
    commands.set(command, { stream, version })
  }
  return problems
}

/** What was told to clients and is not so. */
export const brokenPromises = (log: readonly Stored[], finals: readonly Final[]): readonly string[] => {
  const byId = new Map<string, Stored[]>()
  for (const event of log) byId.set(event.id, [...(byId.get(event.id) ?? []), event])
  const keys = new Set(log.map(({ metadata }) => metadata.commandId))
  return finals.flatMap(({ key, path, status, code, receipt }) => {
    if (!receipt)
      return keys.has(key) ? [`${path} was refused (${status} ${code}) and has been carried out`] : []
    const { events, version, position } = receipt
    const lost = events.flatMap(({ id, type }, i): string[] => {
      const [found, ...more] = byId.get(id) ?? []
      if (!found) return [`${path}: ${type} ${id} was acknowledged and is lost`]
      const isThere =
        found.version === version - events.length + 1 + i && found.type === type && more.length === 0
      return isThere
        ? []
        : [`${path}: ${type} ${id} stands elsewhere or twice, ${found.stream}@${found.version}`]
    })
    const last = events.at(-1)
    const standing = last && byId.get(last.id)?.[0]
    return standing && String(standing.position) !== position
      ? [...lost, `${path}: told to be at ${position} and is at ${standing.position}`]
      : lost
  })
}

/** Everything under keys in the streams that are, by now, about this family. */
export const sealedAbout = (log: readonly Stored[], familyId: string): readonly string[] => {
  const isTheirs = new Set(
    log.filter(({ metadata }) => metadata.familyId === familyId).map(({ stream }) => stream),
  )
  const texts: string[] = []
  for (const { stream, data, metadata } of log)
    if (isTheirs.has(stream))
      mapTexts([data, metadata], '', (sealed) => {
        texts.push(sealed)
        return sealed
      })
  return texts
}
