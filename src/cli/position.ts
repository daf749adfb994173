import { Argument, Command, InvalidArgumentError } from 'commander'
import { type Moved, readPositions } from '#infra/positions/sqlite.ts'
import { positionsFile } from '#src/data/files.ts'
import { dataConfig } from './open.ts'
import { print } from './terminal/output.ts'
import { Unable } from './unable.ts'

type Options = { readonly directory?: string; readonly json?: true }

/** The largest that SQLite knows. */
const LAST = 2n ** 63n - 1n

const toPosition = (text: string): bigint => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A position is a whole number.')
  const position = BigInt(text)
  return position < LAST ? position : LAST
}

export const position = new Command('position')
  .description('What became of a position when the log was moved (tsunagi migrate), in both directions')
  .addArgument(
    new Argument('<n>', 'as somebody kept it: a Commit-Position, an asOf, a cursor of the audit').argParser(
      toPosition,
    ),
  )
  .option('--directory <dir>', 'where positions.db lies (DATA_DIR)')
  .option('--json', 'as JSON')
  .action(async (asked: bigint, { directory, json }: Options) => {
    const place = directory ?? dataConfig().DATA_DIR
    const positions = readPositions(positionsFile(place))
    if (!positions) throw new Unable(`there is no positions.db in ${place}: no log was moved there`)
    try {
      const [now, before] = [positions.nowOf(asked), positions.beforeOf(asked)]
      await print(
        json
          ? JSON.stringify({ asked: String(asked), now: inJson(now), before: inJson(before) })
          : [
              `of before the move: ${inWords(now, now?.from === asked, now?.to)}`,
              `of today:           ${inWords(before, before?.to === asked, before?.from)}`,
            ].join('\n'),
      )
    } finally {
      positions.close()
    }
  })

const inJson = (moved: Moved | undefined) =>
  moved && { before: String(moved.from), now: String(moved.to), eventId: moved.eventId }

const inWords = (moved: Moved | undefined, isExact: boolean, other: bigint | undefined): string => {
  if (!moved) return 'nothing was recorded by then'
  return `${other}  event ${moved.eventId}${isExact ? '' : '  (the last one recorded by then)'}`
}
