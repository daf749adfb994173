import { Writable } from 'node:stream'
import { EventStoreDBClient } from '@eventstore/db-client'
import { wordsOf } from './errors.ts'

export type Client = EventStoreDBClient

/** @throws TypeError  the URL, or a file that it names, is not usable; the password stays out of what is said */
export const openClient = (url: string): Client => {
  try {
    const client = EventStoreDBClient.connectionString(url)
    neverFull(insidesOf(client).disposableStreams)
    return client
  } catch (error) {
    const words = wordsOf(error).includes(url) ? 'it is not an esdb:// address' : wordsOf(error)
    throw new TypeError(`the address of EventStoreDB cannot be used: ${words}`)
  }
}

/** What the client keeps to itself. The package is frozen at its last version, so it stays as it is. */
type Insides = {
  /** What the server can do: asked once, without a deadline. */
  readonly capabilities: Promise<unknown>
  getChannel(): Promise<{ close(): void }>
  /** Calls are put here before anything is written to them. */
  readonly disposableStreams: Set<object>
}

const insidesOf = (client: Client): Insides => client as unknown as Insides

/**
 * Appends that the client holds back, because the stream that they share takes no more for now, are rejected where nobody listens
 * when the stream fails: that ends the process. So the stream takes all; how much may be on its way is counted before.
 */
const neverFull = (calls: Set<object>): void => {
  const add = calls.add.bind(calls)
  calls.add = (call) => {
    if (call instanceof Writable) {
      const write = call.write.bind(call) as (message: unknown) => boolean
      call.write = (message: unknown) => {
        write(message)
        return true
      }
    }
    return add(call)
  }
}

/** Resolves when the next append leaves at once. */
export const readyToAppend = async (client: Client): Promise<void> => {
  await insidesOf(client).capabilities
}

/** The client's own `dispose` leaves the connection behind. */
export const closeChannel = (client: Client): void => {
  insidesOf(client)
    .getChannel()
    .then((channel) => channel.close())
    .catch(() => undefined)
}
