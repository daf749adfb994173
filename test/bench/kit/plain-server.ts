import Database from 'better-sqlite3'
import fastify from 'fastify'
import { lifecycles } from '#domain/lifecycles.ts'
import { doorsOf } from '#src/write/commands.ts'

/**
 * What Fastify alone can do: `plain-server.ts [file]`. A visit is parsed by the very schema of ours and thrown away; a
 * timeline is 300 rows of the file as they are. Nobody is asked who they are, nothing is checked, kept or hidden.
 */
const [file] = process.argv.slice(2)
const record = doorsOf(lifecycles).find(({ name }) => name === 'RecordVisit')
if (!record) throw new Error('no such command')
const app = fastify()

app.post<{ Params: { id: string } }>('/v1/visits/:id/record', (request, reply) => {
  const body = record.body.safeParse(request.body)
  if (!body.success) return reply.code(400).send({ code: 'request/invalid' })
  const { id } = request.params
  return reply.code(201).send({ id, version: 1, position: '1', events: [{ id, type: 'VisitRecorded' }] })
})

if (file !== undefined) {
  const rows = new Database(file, { readonly: true }).prepare<[string], Record<string, unknown>>(
    'SELECT * FROM entry WHERE family = ? ORDER BY sort DESC LIMIT 300',
  )
  app.get<{ Params: { id: string } }>('/v1/families/:id/timeline', (request, reply) =>
    reply.send({ familyId: request.params.id, entries: rows.all(request.params.id) }),
  )
}

process.on('message', () => void app.close().then(() => process.disconnect?.()))
const address = await app.listen({ host: '127.0.0.1', port: 0 })
process.send?.({ address, token: 'nobody' })
