import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import type { Refused } from './decide.ts'

export type RpcError = StatusObject

export const rpcError = (
  code: status,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): RpcError => {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value)
  return { code, details, metadata }
}

export const streamDeleted = (stream: string): RpcError =>
  rpcError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  })

const expectedNumbers = { any: -2n, no_stream: -1n, stream_exists: -4n }

/** A refusal as trailers, as Delete and Tombstone tell it, and Append what is no conflict. */
export const refusalError = (stream: string, refused: Refused): RpcError => {
  switch (refused.kind) {
    case 'deleted':
      return streamDeleted(stream)
    case 'wrong version': {
      const { expected, current } = refused
      return rpcError(status.FAILED_PRECONDITION, 'Delete failed due to WrongExpectedVersion.', {
        exception: 'wrong-expected-version',
        'stream-name': stream,
        'expected-version': String(typeof expected === 'bigint' ? expected : expectedNumbers[expected]),
        'actual-version': current === undefined ? '' : String(current),
      })
    }
    case 'too large':
      return rpcError(status.INVALID_ARGUMENT, `Maximum Append Size of ${refused.limit} Exceeded.`, {
        exception: 'maximum-append-size-exceeded',
        'maximum-append-size': String(refused.limit),
      })
  }
}

export const accessDenied = () =>
  rpcError(status.UNAUTHENTICATED, 'Access Denied.', { exception: 'access-denied' })

export const unavailable = () => rpcError(status.UNAVAILABLE, 'Server Is Not Ready')

export const broken = (what: string) => rpcError(status.INTERNAL, `${what} failed on request`)

export const noBoundary = (position: bigint) =>
  rpcError(status.INVALID_ARGUMENT, `No event stands at position ${position}.`)

export type Leader = { readonly host: string; readonly port: number }

export const notLeader = (leader: Leader | undefined) =>
  rpcError(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    ...(leader ? { 'leader-endpoint-host': leader.host, 'leader-endpoint-port': String(leader.port) } : {}),
  })
