import { Command } from 'commander'
import type { Config } from '#src/config.ts'
import { isCluster } from '#src/data/engine.ts'
import { keyAccess } from '#src/data/keys.ts'
import { type MovedBetween, moveBetween } from '#src/moving/between.ts'
import type { Phase } from '#src/moving/move.ts'
import { dataConfig, quietLog } from './open.ts'
import { note, print } from './terminal/output.ts'
import { type Progress, progressBar } from './terminal/progress.ts'
import { Unable } from './unable.ts'

type Options = {
  readonly from: string
  readonly to: string
  readonly directory?: string
  readonly json?: true
}

export const migrate = new Command('migrate')
  .description(
    'Move house: copy a log and its keys from a DATA_DIR to EventStoreDB, or back, and compare event by event. Nothing may run on either side meanwhile. May be interrupted and run again',
  )
  .requiredOption('--from <place>', 'a DATA_DIR, an esdb:// URL, or `cluster`: the URL in EVENT_STORE')
  .requiredOption('--to <place>', 'the same; empty, or what an interrupted move has left')
  .option(
    '--directory <dir>',
    'towards a cluster: where positions.db and the copies of the first node go (the DATA_DIR moved from, with .cluster behind it)',
  )
  .option('--json', 'the summary as JSON')
  .addHelpText(
    'after',
    `
KEY_ENCRYPTION_KEY is the one under which the keys lie, and stays it. Exit code 0 means: everything was read back and is the same. Views
are not moved, the new house builds them. Positions change: tsunagi position <n> says what became of one (docs/operations.md)`,
  )
  .action(async ({ json, ...options }: Options) => {
    const config = dataConfig()
    if (!config.KEY_ENCRYPTION_KEY)
      throw new Unable('KEY_ENCRYPTION_KEY is needed: the one under which the keys lie that are moved')
    const { keyEncryptionKey, previousKeyEncryptionKey } = keyAccess(
      config.DATA_DIR,
      config.KEY_ENCRYPTION_KEY,
      config.KEY_ENCRYPTION_KEY_PREVIOUS,
    )
    const watch = stopwatch()
    try {
      const moved = await moveBetween({
        ...options,
        from: placeIn(options.from, config),
        to: placeIn(options.to, config),
        keks: { keyEncryptionKey, previousKeyEncryptionKey },
        log: quietLog,
        now: () => new Date().toISOString(),
        step: watch.step,
      })
      watch.end()
      await print(json ? inJson(moved, watch.seconds()) : inWords(moved, watch.seconds()))
      if (moved.grown > 0)
        note(
          `tsunagi: ${moved.grown} events were added to ${moved.from} meanwhile, and copied; somebody writes there: what is written from now on stays there`,
        )
    } finally {
      watch.end()
    }
  })

/** A URL with a password in it need not stand in the list of processes. */
const placeIn = (place: string, { EVENT_STORE }: Config): string => {
  if (place !== 'cluster') return place
  if (!isCluster(EVENT_STORE)) throw new Unable('`cluster` is the URL in EVENT_STORE, which is none')
  return EVENT_STORE
}

/** A bar for each phase, and how long it took. */
const stopwatch = () => {
  const spent = new Map<Phase, number>()
  let phase: Phase | undefined
  let bar: Progress | undefined
  let since = performance.now()
  const end = () => {
    bar?.end()
    if (phase) spent.set(phase, (spent.get(phase) ?? 0) + performance.now() - since)
    since = performance.now()
    phase = undefined
  }
  return {
    step(now: Phase, done: number | bigint, total: number | bigint) {
      if (now !== phase) {
        end()
        phase = now
        bar = progressBar(now)
      }
      bar?.at(done, total)
    },
    end,
    seconds: () =>
      Object.fromEntries([...spent].map(([name, ms]) => [name, Number((ms / 1_000).toFixed(2))])),
  }
}

type Seconds = Readonly<Record<string, number>>

const inJson = ({ places, erasedUpTo, followedUpTo, ...moved }: MovedBetween, seconds: Seconds): string =>
  JSON.stringify({
    ...moved,
    events: places.count,
    erasedUpTo: String(erasedUpTo),
    followedUpTo: String(followedUpTo),
    seconds,
  })

const inWords = (moved: MovedBetween, { events = 0, verifying = 0 }: Seconds): string => {
  const rate = (count: number, seconds: number) =>
    seconds > 0 ? `, ${Math.round(count / seconds)} a second` : ''
  const { places, copied, keys, feeds } = moved
  return [
    `${places.count} events and ${keys} keys are in ${moved.to} as they are in ${moved.from}`,
    `  copied now ${copied}${rate(copied, events)}; compared ${places.count}${rate(places.count, verifying)}`,
    `  feeds: ${feeds.events} events of ${feeds.organizations} organisations under the same sequence, ${feeds.fingerprint.slice(0, 16)}`,
    `  positions: ${moved.directory}/positions.db (tsunagi position <n>)`,
    moved.followedUpTo > 0n
      ? `  the processes go on behind position ${moved.followedUpTo}`
      : '  the processes go over the whole log once: which deadlines are running is found there, and what follows is found done',
  ].join('\n')
}
