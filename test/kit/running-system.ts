import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Actor, Occurrence } from '#domain/kernel/metadata.ts'
import { startOfDay, utc } from '#domain/kernel/time.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import type { Log } from '#src/log.ts'
import { type System, startSystem } from '#src/system.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import type { Outcome } from '#src/write/execute.ts'
import { occurrenceOf } from '#src/write/occurrence.ts'

const nothing = () => undefined
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing }

/** A whole system with a clock of its own; commands are given as by people, without the door. */
export const runningSystem = async (
  t: Test,
  {
    engine = 'memory',
    start = '2022-02-17T09:00:00+09:00',
    log = silent,
  }: { engine?: 'memory' | 'sqlite'; start?: string; log?: Log } = {},
) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tsunagi-'))
  let now = utc(start)
  const open = (): Promise<System> => startSystem({ dataDir, engine, log, now: () => now, tickMs: 0 })
  let system = await open()
  t.teardown(async () => {
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const give = async (
    actor: Actor,
    name: string,
    id: string,
    data: object = {},
    { on }: { on?: Occurrence } = {},
  ): Promise<Outcome> => {
    const lifecycle = lifecycles.find(({ commands }) => name in commands)
    const spec = lifecycle?.commands[name]
    if (!lifecycle || !spec) throw new Error(`no command ${name}`)
    const occurrence = on ?? occurrenceOf({}, now)
    if ('pointer' in occurrence) throw new Error(occurrence.message)
    const outcome = await system.execute({
      lifecycle,
      name,
      id,
      data: spec.schema.parse(data),
      actor,
      occurrence,
      commandId: uuidV7(),
    })
    if (outcome.kind === 'done' && outcome.position !== undefined)
      await system.processes.settled(outcome.position, 2_000)
    return outcome
  }

  return {
    give,
    system: () => system,
    /** Sets the clock: an instant, or the morning of a day. */
    itIs(moment: string) {
      now = moment.length === 10 ? startOfDay(moment) : utc(moment)
    },
    /** Every event of these types so far, in log order. */
    async facts(...types: readonly string[]) {
      const all = await system.store.after(0n, 100_000)
      return all.filter(({ type }) => types.includes(type))
    },
    /** Stops and starts again; the processes may have to begin at the beginning. */
    async restart({ forgettingProcesses = false } = {}) {
      await system.stop()
      if (forgettingProcesses)
        for (const suffix of ['', '-wal', '-shm'])
          rmSync(join(dataDir, `processes.db${suffix}`), { force: true })
      system = await open()
    },
  }
}
