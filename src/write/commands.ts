import { z } from 'zod'
import type { CommandSpec, Lifecycle } from '#domain/kernel/lifecycle.ts'
import { readableIdOf } from '#domain/kernel/schema.ts'
import { kebab } from './execute.ts'
import { circumstances } from './occurrence.ts'

/** One thing that can be asked, as clients see it: `POST /v1/{collection}/{id}/{path}`. */
export type Door = {
  readonly lifecycle: Lifecycle
  /** PascalCase, the `operationId`. */
  readonly name: string
  /** kebab-case, the lifecycle's own noun left out: `RecordVisit` → `record`. */
  readonly path: string
  readonly spec: CommandSpec
  /** The command's own data plus when it happened. */
  readonly body: z.ZodObject
  readonly id: z.ZodType<string>
}

const READABLE_ID = readableIdOf('any')
const UUID = z.guid().toLowerCase()

/** Every command that people may give; those of `system` alone have no door. */
export const doorsOf = (lifecycles: readonly Lifecycle[]): readonly Door[] =>
  lifecycles.flatMap((lifecycle) =>
    Object.entries(lifecycle.commands)
      .filter(([, spec]) => spec.by.some((role) => role !== 'system'))
      .map(([name, spec]) => ({
        lifecycle,
        name,
        path: pathOf(name, lifecycle.name),
        spec,
        body: spec.schema.safeExtend(circumstances),
        id: lifecycle.readableIds ? READABLE_ID : UUID,
      })),
  )

/** `RequestCare` of `careRequest` → `request`; `AgreeMatch` → `agree-match`. */
const pathOf = (command: string, lifecycle: string): string => {
  const words = kebab(command).split('-')
  const nouns = kebab(lifecycle).split('-')
  const own = words.filter((word, i) => i === 0 || !nouns.includes(word))
  return own.join('-')
}
