import type { Metadata } from '@grpc/grpc-js'
import type { Calls, Method } from './calls.ts'
import { accessDenied, type RpcError } from './errors.ts'
import type { Mischief } from './misbehave.ts'
import type { Store } from './store.ts'

export type Credentials = { readonly username: string; readonly password: string }

/** What every handler works with. */
export type House = {
  readonly store: Store
  readonly calls: Calls
  readonly mischief: Mischief
  readonly credentials: Credentials | undefined
}

// The client sends no credentials with these two.
const open: readonly Method[] = ['GetSupportedMethods', 'Gossip']

export const refusalOf = (house: House, method: Method, metadata: Metadata): RpcError | undefined =>
  (open.includes(method) ? undefined : strangerRefused(house, metadata)) ?? house.mischief.refusalOf(method)

export const strangerRefused = ({ credentials }: House, metadata: Metadata): RpcError | undefined => {
  if (!credentials) return undefined
  const { username, password } = credentials
  const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  return metadata.get('authorization').includes(wanted) ? undefined : accessDenied()
}

export const lateness = async ({ mischief }: House, method: Method): Promise<void> => {
  const ms = mischief.delayOf(method)
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms).unref())
}
