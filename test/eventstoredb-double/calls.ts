import type { EventEmitter } from 'node:events'
import type { RpcError } from './errors.ts'

export type Method =
  | 'Append'
  | 'BatchAppend'
  | 'Read'
  | 'Subscribe'
  | 'Delete'
  | 'Tombstone'
  | 'GetSupportedMethods'
  | 'Gossip'

/** What the calls that push messages have in common. */
export type Pushing = EventEmitter & {
  readonly cancelled: boolean
  readonly writableEnded: boolean
  end(): unknown
}

export type OpenCall = {
  readonly method: Method
  /** Pushes nothing any more, and does not say so. */
  silent: boolean
  /** With OK, unless an error is given. */
  end(error?: RpcError): void
  readonly over: () => boolean
}

/** Records which calls were made and which are open, so that a test sees one that leaks. */
export const createCalls = () => {
  const open = new Set<OpenCall>()
  const made: Method[] = []
  let appends = 0
  let pushed = 0

  return {
    /** A call that is answered once; what it returns closes it. */
    begin(method: Method): () => void {
      made.push(method)
      const call: OpenCall = { method, silent: false, end() {}, over: () => !open.has(call) }
      open.add(call)
      return () => open.delete(call)
    },

    beginPushing(method: Method, pushing: Pushing): OpenCall {
      made.push(method)
      const call: OpenCall = {
        method,
        silent: false,
        end: (error) => {
          if (call.over()) return
          if (error) pushing.emit('error', error)
          else pushing.end()
        },
        over: () => pushing.cancelled || pushing.writableEnded,
      }
      open.add(call)
      for (const last of ['cancelled', 'finish', 'close']) pushing.once(last, () => open.delete(call))
      return call
    },

    countAppend(): void {
      appends++
    },

    countPushed(): void {
      pushed++
    },

    open: (method?: Method): readonly OpenCall[] =>
      [...open].filter((call) => method === undefined || call.method === method),
    made: (): readonly Method[] => made,
    appends: () => appends,
    pushed: () => pushed,
  }
}

export type Calls = ReturnType<typeof createCalls>
