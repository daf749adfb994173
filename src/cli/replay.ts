import { Command } from 'commander'
import type { EventStore, Stored } from '#domain/kernel/event-store.ts'
import { mapTexts } from '#domain/kernel/sealing.ts'
import { japanClock, japanDate } from '#domain/kernel/time.ts'
import { type AsOf, parseAsOf, wasKnown } from './as-of.ts'
import { parseFamilyId } from './family-id.ts'
import { dataConfig, openLog } from './open.ts'
import { pad } from './terminal/layout.ts'
import { print } from './terminal/output.ts'
import { type Paint, paintFor } from './terminal/paint.ts'
import { progressBar } from './terminal/progress.ts'
import { Unable } from './unable.ts'

type Options = { readonly family?: string; readonly asOf?: AsOf; readonly json?: true }

export const replay = new Command('replay')
  .description(
    'Every event, or one family’s, in the order of the log, as recorded: personal text is ■, under its key with --json',
  )
  .option('--family <id>', 'only what concerns this family', parseFamilyId)
  .option('--as-of <time|position>', 'only what had been recorded by then', parseAsOf)
  .option('--json', 'one event a line, as JSON')
  .action(async ({ family, asOf, json }: Options) => {
    const store = await openLog(dataConfig())
    const paint = paintFor(process.stdout)
    const bar = progressBar('replay')
    let shown = 0
    try {
      const head = await store.head()
      for await (const event of eventsUpTo(store, head, asOf)) {
        if (!process.stdout.isTTY) bar.at(event.position, head)
        if (family !== undefined && event.metadata.familyId !== family) continue
        shown += 1
        await print(json ? JSON.stringify(asRecorded(event)) : inWords(event, paint))
      }
    } finally {
      bar.end()
      await store.close()
    }
    if (family !== undefined && shown === 0) throw new Unable(`the log has nothing about family ${family}`)
  })

const PAGE = 500

/** What the log holds now: what is recorded while we read does not make the end run away. */
export async function* eventsUpTo(store: EventStore, head: bigint, asOf?: AsOf): AsyncGenerator<Stored> {
  const last = asOf && 'position' in asOf && asOf.position < head ? asOf.position : head
  let position = 0n
  while (position < last) {
    const page = await store.after(position, PAGE)
    if (page.length === 0) return
    for (const event of page) {
      if (event.position > last) return
      position = event.position
      // Clocks of several processes may cross by a little: positions rule, times are looked at one by one.
      if (wasKnown(asOf, event)) yield event
    }
  }
}

const asRecorded = ({ position, ...event }: Stored) => ({ position: String(position), ...event })

const inWords = (event: Stored, paint: Paint): string => {
  const { position, recordedAt, stream, version, type, metadata, data } = event
  const { actor, occurredOn } = metadata
  const recorded = `${japanDate(recordedAt)} ${japanClock(recordedAt)}`
  const occurred = occurredOn === japanDate(recordedAt) ? '' : paint('yellow', ` (${occurredOn})`)
  return [
    paint('dim', String(position).padStart(7)),
    `${recorded}${occurred}`,
    paint('bold', pad(type, 26)),
    paint('cyan', `${stream}@${version}`),
    paint('dim', `${actor.role}/${actor.organizationId}/${actor.staffId}`),
    JSON.stringify(mapTexts(data, '', () => '■')),
  ].join('  ')
}
