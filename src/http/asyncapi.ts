import { z } from 'zod'
import { publishedTypes, referralEvents } from '#domain/referral/events.ts'
import { ReferralCloudEvent, TestCloudEvent, typeOf } from '#src/feed/published.ts'
import { FeedQuery } from './feed/pull.ts'
import { StreamQuery } from './feed/stream.ts'

type Json = Readonly<Record<string, unknown>>

/** AsyncAPI’s own schemas are JSON Schema draft 7. */
const schemaOf = (schema: z.ZodType): Json => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
  })
  return json
}

const CONTENT_TYPE = 'application/cloudevents+json'
const to = (path: string) => ({ $ref: `#/${path}` })
const listOf = <N extends string, T>(
  names: readonly N[],
  each: (name: N) => T,
): Readonly<Record<string, T>> => Object.fromEntries(names.map((name) => [name, each(name)]))

const messageOf = (type: (typeof publishedTypes)[number]): Json => {
  const { ja, en = ja } = referralEvents[type].title
  return {
    name: typeOf(type),
    title: `${en} (${ja})`,
    contentType: CONTENT_TYPE,
    payload: {
      allOf: [
        to('components/schemas/ReferralCloudEvent'),
        {
          type: 'object',
          properties: {
            type: { const: typeOf(type) },
            data: { type: 'object', properties: { type: { const: type } } },
          },
        },
      ],
    },
  }
}

const messages: Json = {
  ...Object.fromEntries(publishedTypes.map((type) => [type, messageOf(type)])),
  Test: {
    name: 'jp.tsunagi.test.v1',
    title: 'A test, which says nothing',
    contentType: CONTENT_TYPE,
    payload: to('components/schemas/TestCloudEvent'),
  },
}

const webhookHeaders = z.object({
  'webhook-id': z.guid().describe('The id of the event, the same over all attempts.'),
  'webhook-timestamp': z.string().describe('When this attempt was made, in Unix seconds.'),
  'webhook-signature': z
    .string()
    .describe('`v1,…` (HMAC-SHA256) and `v1a,…` (Ed25519) of every key that signs, with spaces between.'),
})

const messagesOf = (channel: string, names: readonly string[]) =>
  names.map((name) => to(`channels/${channel}/messages/${name}`))

/** AsyncAPI 3: how referral events reach others, from the schemas that the events themselves are made by. */
export const asyncApi: Json = {
  asyncapi: '3.1.0',
  id: 'urn:tsunagi',
  info: {
    title: 'tsunagi: referral events',
    version: '1',
    description:
      'What happened to referrals, for the systems of those who have to do with them: at least once, each family in its order, ' +
      'with a `sequence` in which a hole is a mistake of ours. No personal data: who needs more asks for it in their own name. ' +
      'Three ways in, one cursor.',
    license: { name: 'Proprietary' },
  },
  defaultContentType: CONTENT_TYPE,
  channels: {
    pull: {
      address: '/v1/feeds/referrals',
      title: 'Pull feed',
      description:
        'Pages of `{ events, cursor, more }`, in the order of the log; `wait` holds the answer until there is something. ' +
        '410 with `oldest` when what came after the cursor is no longer kept.',
      messages: listOf(publishedTypes, (type) => to(`components/messages/${type}`)),
    },
    stream: {
      address: '/v1/feeds/referrals/stream',
      title: 'Server-Sent Events',
      description:
        'The same, one message each; `id` is the cursor, `Last-Event-ID` goes on from it. A message `end` says why there are no more.',
      messages: listOf(publishedTypes, (type) => to(`components/messages/${type}`)),
    },
    webhook: {
      address: null,
      title: 'Webhooks',
      description:
        'To the endpoint of a subscription (`POST /v1/subscriptions/{id}/create`), by Standard Webhooks 1.0. 2xx takes it; anything ' +
        'else is tried again for three days; 410 ends the subscription.',
      messages: {
        ...listOf(publishedTypes, (type) => ({
          ...messageOf(type),
          traits: [to('components/messageTraits/signed')],
        })),
        Test: { ...(messages.Test as Json), traits: [to('components/messageTraits/signed')] },
      },
    },
  },
  operations: {
    answerPull: {
      action: 'send',
      channel: to('channels/pull'),
      summary: 'A page of the feed.',
      security: [to('components/securitySchemes/bearer')],
      bindings: {
        http: {
          method: 'GET',
          query: schemaOf(FeedQuery),
          bindingVersion: '0.3.0',
        },
      },
      messages: messagesOf('pull', publishedTypes),
    },
    stream: {
      action: 'send',
      channel: to('channels/stream'),
      summary: 'Events as they happen.',
      security: [to('components/securitySchemes/bearer')],
      bindings: { http: { method: 'GET', query: schemaOf(StreamQuery), bindingVersion: '0.3.0' } },
      messages: messagesOf('stream', publishedTypes),
    },
    sendWebhook: {
      action: 'send',
      channel: to('channels/webhook'),
      summary: 'An event to the endpoint of a subscription.',
      bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
      messages: messagesOf('webhook', [...publishedTypes, 'Test']),
    },
  },
  components: {
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: 'A key of an integration, or a token of a person.',
      },
    },
    schemas: {
      ReferralCloudEvent: schemaOf(ReferralCloudEvent),
      TestCloudEvent: schemaOf(TestCloudEvent),
    },
    messages,
    messageTraits: { signed: { headers: schemaOf(webhookHeaders) } },
  },
}
