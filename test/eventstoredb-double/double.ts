import { readFileSync } from 'node:fs'
import gossip from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import { type handleServerStreamingCall, Server, ServerCredentials } from '@grpc/grpc-js'
import { appendHandler, batchAppendHandler } from './appending.ts'
import { createCalls, type Method } from './calls.ts'
import { deleteHandler, tombstoneHandler } from './deleting.ts'
import { capabilitiesHandler, gossipHandler, type Member } from './discovery.ts'
import { keepInFile } from './file.ts'
import { type Credentials, type House, lateness, refusalOf } from './house.ts'
import { listen } from './listen.ts'
import { createMischief } from './misbehave.ts'
import { pusher } from './pushing.ts'
import { read } from './reading.ts'
import { readingOf } from './requests.ts'
import { createStore } from './store.ts'
import { subscribe } from './subscribing.ts'

/** PEM files: the authority that the client must trust, and the server's key and certificate. */
export type Certificate = { readonly caFile: string; readonly keyFile: string; readonly certFile: string }

export type DoubleOptions = {
  readonly port?: number
  /** Keeps what it acknowledges in this file; otherwise in memory only. */
  readonly dataFile?: string
  /** Speaks TLS only. */
  readonly certificate?: Certificate
  /** Everybody who does not show these is refused. */
  readonly credentials?: Credentials
  /** False: as servers before 21.10, so that the client appends with Append. */
  readonly batchAppend?: boolean
  readonly version?: string
  readonly maxAppendSize?: number
  /** What gossip tells; itself as leader if nothing is given. */
  readonly members?: readonly Member[]
}

export const urlOf = (port: number, certificate?: Certificate): string =>
  certificate
    ? `esdb://127.0.0.1:${port}?tls=true&tlsCAFile=${encodeURIComponent(certificate.caFile)}`
    : `esdb://127.0.0.1:${port}?tls=false`

const mebibyte = 1024 * 1024

const limits = {
  'grpc.max_receive_message_length': 17 * mebibyte,
  'grpc.max_concurrent_streams': 100,
}

const readHandler =
  (house: House): handleServerStreamingCall<ReadReq, ReadResp> =>
  async (call) => {
    const options = call.request.getOptions()
    const method: Method = options?.hasSubscription() ? 'Subscribe' : 'Read'
    const open = house.calls.beginPushing(method, call)
    const refusal = refusalOf(house, method, call.metadata)
    if (refusal || !options) return open.end(refusal)
    await lateness(house, method)
    const push = pusher(call, open, house.calls)
    if (method === 'Read') return read(house, open, readingOf(options), push)
    return subscribe(house, open, readingOf(options), push, call)
  }

/** A server that speaks EventStoreDB's protocol as far as its client uses it here. */
export const startDouble = async (options: DoubleOptions = {}) => {
  const { certificate, dataFile, credentials, batchAppend = true, version = '24.10.0' } = options
  const keep = dataFile === undefined ? undefined : await keepInFile(dataFile)
  const calls = createCalls()
  const mischief = createMischief(calls, () => listening.cutSockets())
  const store = createStore(options.maxAppendSize ?? 16 * mebibyte, keep)
  const house: House = { store, calls, mischief, credentials }

  const server = new Server(limits)
  server.addService(streams.StreamsService, {
    append: appendHandler(house),
    batchAppend: batchAppendHandler(house),
    read: readHandler(house),
    delete: deleteHandler(house),
    tombstone: tombstoneHandler(house),
  })
  server.addService(features.ServerFeaturesService, {
    getSupportedMethods: capabilitiesHandler(house, version, batchAppend),
  })
  server.addService(gossip.GossipService, {
    read: gossipHandler(
      house,
      () => options.members ?? [{ host: '127.0.0.1', port: listening.port, leads: true }],
    ),
  })
  const security = certificate
    ? ServerCredentials.createSsl(null, [
        { private_key: readFileSync(certificate.keyFile), cert_chain: readFileSync(certificate.certFile) },
      ])
    : ServerCredentials.createInsecure()
  const listening = await listen(server, security, options.port ?? 0)

  return {
    port: listening.port,
    url: urlOf(listening.port, certificate),
    misbehave: mischief.misbehave,
    /** Methods of the calls that are open now. */
    openCalls: (): readonly Method[] => calls.open().map(({ method }) => method),
    /** Methods of all calls that were made, in order; a batch stream is one call. */
    callsMade: (): readonly Method[] => calls.made(),
    /** How many appends were asked for, in whichever way. */
    appendsSeen: () => calls.appends(),
    /** How many messages reads and subscriptions were sent; fewer than there are if nobody takes them. */
    messagesPushed: () => calls.pushed(),
    async stop(): Promise<void> {
      await listening.stop()
      await keep?.close()
    },
  }
}

export type Double = Awaited<ReturnType<typeof startDouble>>
