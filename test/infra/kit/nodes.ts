import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ResolvedEvent } from '@eventstore/db-client'
import type { Test } from 'tap'
import type { Appending } from '#domain/kernel/event-store.ts'
import type { KeyOwner, Plain } from '#domain/kernel/keyring.ts'
import { type EventStoreDb, openEventStoreDb } from '#infra/event-store/eventstoredb/event-store.ts'
import { type Connection, connect } from '#infra/eventstoredb/connection.ts'
import { answerIn } from '#infra/eventstoredb/errors.ts'
import { openSharedKeyring, type SharedKeyring } from '#infra/keys/shared/keyring.ts'
import { event } from '#test/contract/event-store.ts'
import { type Double, startDouble } from '#test/eventstoredb-double/double.ts'

export const KEY = randomBytes(32)

export type Node = {
  readonly keyring: SharedKeyring
  readonly store: EventStoreDb
  readonly directory: string
  readonly keyFile: string
  stop(): Promise<void>
}

export type Cluster = {
  readonly double: Double
  /** A node with the files of this name. */
  node(name: string, keys?: Keys): Promise<Node>
  /** Keys alone: nobody follows the server, so it knows what it asks for and nothing else. */
  alone(name: string, more?: Alone): Promise<SharedKeyring & { readonly keyFile: string }>
  /** Types of what can be read in a stream of the server; undefined: it is deleted for ever. */
  types(stream: string): Promise<readonly string[] | undefined>
}

type Alone = {
  readonly keys?: Keys
  /** Happens before each change that is asked of the server. */
  readonly before?: () => Promise<unknown>
}

type Keys = { readonly keyEncryptionKey: Buffer; readonly previousKeyEncryptionKey?: Buffer }

/** Nodes over one server. Two clients that append at once in one process would disturb each other: one after the other here. */
export const startCluster = async (t: Test): Promise<Cluster> => {
  const double = await startDouble()
  const directory = t.testdir()
  t.teardown(() => double.stop())
  const place = (name: string) => {
    const of = join(directory, name)
    return { directory: of, keyFile: join(of, 'keys.db'), replicaFile: join(of, 'replica.db') }
  }
  return {
    double,
    async node(name, keys = { keyEncryptionKey: KEY }) {
      const { replicaFile, keyFile, ...rest } = place(name)
      const store = await openEventStoreDb({ url: double.url, replicaFile, keyFile, attemptMs: 2_000 })
      let stopped: Promise<void> | undefined
      try {
        const keyring = await openSharedKeyring({ ...keys, file: keyFile, connection: store.connection })
        const stop = async () => {
          keyring.close()
          await store.close()
        }
        const node = { keyring, store, keyFile, ...rest, stop: () => (stopped ??= stop()) }
        t.teardown(node.stop)
        return node
      } catch (error) {
        await store.close()
        throw error
      }
    },
    async alone(name, { keys = { keyEncryptionKey: KEY }, before = async () => undefined } = {}) {
      const { keyFile, directory } = place(name)
      mkdirSync(directory, { recursive: true })
      const connection = connect({ url: double.url, attemptMs: 2_000 })
      t.teardown(() => connection.close())
      const attempt: Connection['attempt'] = async (work) => {
        await before()
        return connection.attempt(work)
      }
      const keyring = await openSharedKeyring({
        ...keys,
        file: keyFile,
        connection: { ...connection, attempt },
      })
      t.teardown(() => keyring.close())
      return { ...keyring, keyFile }
    },
    async types(stream) {
      const connection = connect({ url: double.url, attemptMs: 2_000 })
      try {
        const found = await connection.read<ResolvedEvent>((client) =>
          client.readStream(stream, { maxCount: 1_000 }),
        )
        return found.map(({ event }) => event?.type ?? '')
      } catch (error) {
        if (answerIn(error) === 'notFound') return []
        if (answerIn(error) === 'deleted') return undefined
        throw error
      } finally {
        await connection.close()
      }
    },
  }
}

export const FAMILY = '0190a1b2-fa00-7000-8000-000000000001'
export const family = (familyId = FAMILY): KeyOwner => ({ kind: 'family', familyId })
export const person = (personId: string, familyId = FAMILY): KeyOwner => ({
  kind: 'person',
  familyId,
  personId,
})
export const stream = (name: string, familyId?: string): KeyOwner => ({
  kind: 'stream',
  stream: name,
  ...(familyId !== undefined && { familyId }),
})

const plain = (owner: KeyOwner, text: string): Plain => ({
  owner,
  eventId: 'e1',
  field: '/data/note',
  dataClass: 'contact',
  text,
})

/** Provided for and sealed, as a command does it. */
export const sealed = async (keyring: SharedKeyring, owner: KeyOwner, text: string): Promise<string> => {
  await keyring.provide([owner])
  return keyring.seal([plain(owner, text)])[0] ?? ''
}

/** An event of the log with this value in it. */
export const told = (value: string): Appending => {
  const one = event({ note: value })
  return { ...one, metadata: { ...one.metadata, familyId: FAMILY } }
}
