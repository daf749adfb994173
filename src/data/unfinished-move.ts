import { isUnfinished } from '#infra/positions/sqlite.ts'
import { positionsFile } from './files.ts'

/** Half a log looks like a whole one: what is written behind it would be in the way of the other half. */
export class MoveUnfinished extends Error {
  override readonly name = 'MoveUnfinished'
}

export const refuseUnfinishedMove = (dataDir: string): void => {
  if (isUnfinished(positionsFile(dataDir)))
    throw new MoveUnfinished(
      `a log is being moved to ${dataDir}, or was and not to the end: let tsunagi migrate finish first (docs/operations.md)`,
    )
}
