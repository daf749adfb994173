import { z } from 'zod'
import type { Door } from '#src/write/commands.ts'
import type { RefusalTexts } from './commands.ts'
import type { ReadRoute } from './routes.ts'

type Json = Readonly<Record<string, unknown>>

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  description: 'The command’s id. The same key and body: the first answer again. Another body: 422.',
}
const ifMatch = {
  name: 'If-Match',
  in: 'header',
  schema: { type: 'string' },
  description: 'ETag of the version seen; 412 when not current.',
}
const minPosition = {
  name: 'Min-Position',
  in: 'header',
  schema: { type: 'string' },
  description: 'Commit-Position of an earlier write: waits up to 2 s for the view, else 503.',
}
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

/** OpenAPI 3.1, from the same schemas that check the requests. */
export const openApiOf = (
  doors: readonly Door[],
  reads: readonly ReadRoute[],
  refusals: RefusalTexts,
): Json => ({
  openapi: '3.1.0',
  info: {
    title: 'tsunagi',
    version: '1',
    description:
      'Event-sourced case coordination for families with small children. Commands append facts; reads are views of them. ' +
      'Refusals are RFC 9457 problems with a stable `code`; the input is never echoed.',
    license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' },
  },
  servers: [{ url: '/' }],
  security: [{ bearer: [] }],
  tags: [...new Set(doors.map(({ lifecycle }) => lifecycle.collection))].map((name) => ({
    name,
    description: doors.find(({ lifecycle }) => lifecycle.collection === name)?.lifecycle.titleJa,
  })),
  paths: {
    ...merged(doors.map(commandPath)),
    ...merged(reads.map(readPath)),
    '/v1/batch': { post: batch },
    '/v1/integrations/{id}/keys': { post: apiKey },
    '/livez': { get: health('Live', 'The process runs.') },
    '/readyz': {
      get: health(
        'Ready',
        'It can take requests: the views have caught up and the processes run. Says how far it is behind.',
      ),
    },
  },
  components: {
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'at+jwt' } },
    schemas: { Problem: problemSchema([...refusals.keys()]), Receipt: receiptSchema },
  },
})

const merged = (paths: readonly Json[]): Json => Object.assign({}, ...paths)

const commandPath = ({ lifecycle, path, name, spec, body, id }: Door): Json => ({
  [`/v1/${lifecycle.collection}/{id}/${path}`]: {
    post: {
      operationId: name,
      summary: spec.summary,
      tags: [lifecycle.collection],
      'x-emits': spec.emits,
      'x-from': spec.from,
      'x-roles': spec.by.filter((role) => role !== 'system'),
      parameters: [{ name: 'id', in: 'path', required: true, schema: schemaOf(id) }, idempotencyKey, ifMatch],
      requestBody: { required: isNeeded(body), content: { 'application/json': { schema: schemaOf(body) } } },
      responses: {
        '200': receipt('Done, or already so.'),
        ...(spec.from.includes('none') && { '201': receipt('Done; this began it.') }),
        '400': problem('Malformed or invalid; every error with its pointer.'),
        '401': problem('No token, or none that is valid here.'),
        '403': problem('The rules say no.'),
        '404': problem('Not there, or not for you.'),
        '409': problem('Not possible in this state.'),
        '412': problem('If-Match is not current.'),
        '422': problem('The key was used for another request.'),
        '503': problem('Not durable, or shutting down; trying again with the same key is safe.'),
      },
    },
  },
})

const receipt = (description: string) => ({
  description,
  headers: { ETag: { schema: { type: 'string' } }, 'Commit-Position': { schema: { type: 'string' } } },
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Receipt' } } },
})

const readPath = ({
  path,
  operationId,
  summary,
  query,
  answer,
  by,
  askedIn,
  alsoAnswers = {},
  produces,
}: ReadRoute): Json => {
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  return {
    [path]: {
      [askedIn === 'body' ? 'post' : 'get']: {
        operationId,
        summary,
        tags: [path.split('/')[2] ?? 'v1'],
        ...(by && { 'x-roles': by }),
        parameters: [
          ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
          ...Object.entries(askedIn ? {} : properties).map(([name, schema]) => ({
            name,
            in: 'query',
            required: required.includes(name),
            schema,
          })),
          minPosition,
        ],
        ...(askedIn && {
          requestBody: { required: true, content: { 'application/json': { schema: schemaOf(query) } } },
        }),
        responses: {
          '200': {
            description: 'The answer.',
            content: { [produces ?? 'application/json']: { schema: answer } },
          },
          '400': problem('Invalid.'),
          '401': problem('No token, or none that is valid here.'),
          '403': problem('The rules say no.'),
          '404': problem('Not there, or not for you.'),
          '503': problem('The view is behind, or shutting down.'),
          ...Object.fromEntries(
            Object.entries(alsoAnswers).map(([status, when]) => [
              status,
              status < '300' ? { description: when } : problem(when),
            ]),
          ),
        },
      },
    },
  }
}

const apiKey = {
  operationId: 'IssueKey',
  summary: 'A key of an integration; its secret is shown in this answer and never again.',
  tags: ['integrations'],
  'x-roles': ['admin'],
  parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['expiresOn'],
          properties: { expiresOn: { type: 'string', format: 'date' } },
        },
      },
    },
  },
  responses: {
    '201': { description: 'The key.', content: { 'application/json': { schema: { type: 'object' } } } },
    '400': problem('Invalid.'),
    '401': problem('No token, or none that is valid here.'),
    '403': problem('The rules say no.'),
    '404': problem('No such integration.'),
    '409': problem('Two keys are alive already.'),
  },
}

const batch = {
  operationId: 'Batch',
  summary: 'NDJSON of commands in, NDJSON of one answer a line out, in order; a refused line stops nothing.',
  requestBody: {
    required: true,
    content: {
      'application/x-ndjson': {
        schema: {
          type: 'object',
          required: ['command', 'collection', 'id'],
          properties: {
            command: { type: 'string' },
            collection: { type: 'string' },
            id: { type: 'string' },
            data: { type: 'object' },
            idempotencyKey: { type: 'string' },
            sourceSystem: { type: 'string' },
            sourceRecordedAt: { type: 'string', format: 'date-time' },
          },
        },
      },
    },
  },
  responses: {
    '200': {
      description: 'One answer a line, each with its `status`.',
      content: { 'application/x-ndjson': { schema: { type: 'object' } } },
    },
    '401': problem('No token, or none that is valid here.'),
    '413': problem('Too large.'),
    '415': problem('Not NDJSON.'),
  },
}

const health = (operationId: string, summary: string) => ({
  operationId,
  summary,
  security: [],
  responses: { '200': { description: 'Yes.' }, '503': { description: 'Not now.' } },
})

const schemaOf = (schema: z.ZodType): Json => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return json
}

const isNeeded = (body: z.ZodObject): boolean => !body.safeParse({}).success

const receiptSchema = {
  type: 'object',
  required: ['id', 'version', 'position', 'events'],
  properties: {
    id: { type: 'string' },
    version: { type: 'integer' },
    position: { type: ['string', 'null'], description: 'Opaque and ordered.' },
    events: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'type'],
        properties: { id: { type: 'string' }, type: { type: 'string' } },
      },
    },
  },
}

const problemSchema = (codes: readonly string[]) => ({
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'retryable'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string', examples: codes },
    state: { type: 'string', description: 'The current state, where the caller may see it.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'message'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
    retryable: { type: 'boolean' },
  },
})
