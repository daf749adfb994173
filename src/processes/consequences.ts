import { type AnyEvent, categoryOf, type Recorded, type StreamName } from '#domain/kernel/event.ts'
import type { EventStore, Stored } from '#domain/kernel/event-store.ts'
import type { AnyState, Lifecycle } from '#domain/kernel/lifecycle.ts'
import type { Occurrence } from '#domain/kernel/metadata.ts'
import type { Consequence, Process, Reaction } from '#domain/kernel/process.ts'
import type { Log } from '#src/log.ts'
import { bySystem } from '#src/write/by-system.ts'
import type { Execute, Outcome } from '#src/write/execute.ts'

export type Giving = {
  readonly store: EventStore
  readonly decode: (stored: Stored) => Recorded<AnyEvent>
  readonly lifecycles: readonly Lifecycle[]
  readonly processes: readonly Process[]
  readonly execute: Execute
  readonly log: Log
}

/** Gives the commands that follow from facts. Each has an id that derives from its fact: given again, by whatever node, it is found done. */
export const consequencesOf = ({ store, decode, lifecycles, processes, execute, log }: Giving) => {
  const byName = new Map(lifecycles.map((lifecycle) => [lifecycle.name, lifecycle]))
  const lifecycleOf = (name: string): Lifecycle => {
    const lifecycle = byName.get(name)
    if (!lifecycle) throw new Error(`no lifecycle ${name}`)
    return lifecycle
  }

  const stateOf = async (stream: StreamName): Promise<AnyState> => {
    const lifecycle = lifecycleOf(categoryOf(stream))
    const events = (await store.read(stream)).map(decode)
    return events.reduce<AnyState>(
      (state, event) => lifecycle.evolve(state, event, event.metadata),
      lifecycle.initial,
    )
  }

  const give = async (
    { lifecycle: name, command, id, data }: Consequence,
    commandId: string,
    occurrence: Occurrence,
    cause?: Recorded,
  ): Promise<Outcome> => {
    const lifecycle = lifecycleOf(name)
    const outcome = await execute({
      ...bySystem({ lifecycle, name: command, id, data, occurrence, commandId }),
      ...(cause && { causationId: cause.id, correlationId: cause.metadata.correlationId }),
    })
    // The other stream has moved on by itself (closed by hand, say): the fact stays, there is nothing to add. Recorded before
    // with other data is recorded: as the fact's stream was then; what it became since has facts of its own.
    if (outcome.kind !== 'done' && outcome.kind !== 'keyReused')
      log.warn({ command, outcome: outcome.kind, cause: cause?.type }, 'consequence not recorded')
    return outcome
  }

  const reactionsTo = (fact: Recorded): readonly (readonly [name: string, Reaction])[] =>
    processes.flatMap(({ name, on }) => {
      const reaction = on[fact.type]?.(fact)
      return reaction === undefined ? [] : [[name, reaction] as const]
    })

  return {
    give,
    stateOf,
    isCause: ({ type }: { readonly type: string }): boolean => processes.some(({ on }) => type in on),
    concerns: (fact: Recorded): boolean =>
      reactionsTo(fact).some(([, reaction]) => typeof reaction === 'function' || reaction.length > 0),
    /** Everything that follows from one fact. */
    async followUp(fact: Recorded): Promise<readonly Outcome[]> {
      const outcomes: Outcome[] = []
      for (const [name, reaction] of reactionsTo(fact)) {
        const consequences = typeof reaction === 'function' ? reaction(await stateOf(fact.stream)) : reaction
        for (const [i, consequence] of consequences.entries())
          outcomes.push(await give(consequence, `${name}/${fact.id}/${i}`, fact.metadata, fact))
      }
      return outcomes
    },
  }
}
