import { systemActor } from '#domain/kernel/metadata.ts'
import type { Command } from './execute.ts'

/** A command that the program gives by itself. Its data passes the command's schema like everybody's. */
export const bySystem = (
  command: Pick<Command, 'lifecycle' | 'name' | 'id' | 'data' | 'occurrence' | 'commandId'>,
): Command => {
  const { lifecycle, name, data } = command
  const spec = lifecycle.commands[name]
  if (!spec) throw new Error(`${lifecycle.name} has no command ${name}`)
  return { ...command, data: spec.schema.parse(data), actor: systemActor }
}
