import { randomUUID } from 'node:crypto'
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js'
import gossip from '@eventstore/db-client/generated/gossip_pb.js'
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js'
import features from '@eventstore/db-client/generated/serverfeatures_pb.js'
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type { handleUnaryCall } from '@grpc/grpc-js'
import type { House } from './house.ts'
import { unary } from './unary.ts'

const streamsService = 'event_store.client.streams.streams'

const supported = (name: string, abilities: string[] = []) =>
  new features.SupportedMethod().setServiceName(streamsService).setMethodName(name).setFeaturesList(abilities)

export const capabilitiesHandler = (
  house: House,
  version: string,
  withBatchAppend: boolean,
): handleUnaryCall<Empty, SupportedMethods> =>
  unary(house, 'GetSupportedMethods', async () => ({
    reply: new features.SupportedMethods()
      .setEventStoreServerVersion(version)
      .setMethodsList([
        ...['read', 'append', 'delete', 'tombstone'].map((name) => supported(name)),
        ...(withBatchAppend ? [supported('batchappend', ['deadline_duration'])] : []),
      ]),
  }))

export type Member = { readonly host: string; readonly port: number; readonly leads: boolean }

const { LEADER, FOLLOWER } = gossip.MemberInfo.VNodeState

export const gossipHandler = (
  house: House,
  members: () => readonly Member[],
): handleUnaryCall<Empty, ClusterInfo> =>
  unary(house, 'Gossip', async () => ({
    reply: new gossip.ClusterInfo().setMembersList(
      members().map(({ host, port, leads }) =>
        new gossip.MemberInfo()
          .setInstanceId(new shared.UUID().setString(randomUUID()))
          .setTimeStamp(String(BigInt(Date.now()) * 10_000n))
          .setState(leads ? LEADER : FOLLOWER)
          .setIsAlive(true)
          .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port)),
      ),
    ),
  }))
