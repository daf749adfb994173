import { startOfDay } from '#domain/kernel/time.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { seed } from '#domain/organization/seed.ts'
import { bySystem } from './write/by-system.ts'
import type { Execute } from './write/execute.ts'

const since = '2006-04-01'
const occurrence = { occurredAt: startOfDay(since), occurredOn: since, precision: 'day' as const }

/** The directory of wards and hubs. A repeated start finds its own commands and adds nothing; a newer seed adds what is new. */
export const seedDirectory = async (execute: Execute): Promise<void> => {
  await Promise.all(
    seed.map(async ({ command, id, data }) => {
      const lifecycle = lifecycles.find(({ commands }) => command in commands)
      if (!lifecycle) throw new Error(`the seed names an unknown command ${command}`)
      await execute(bySystem({ lifecycle, name: command, id, data, occurrence, commandId: `seed/${id}` }))
    }),
  )
}
