import { Argument, Command } from 'commander'
import { present } from '#src/http/timeline.ts'
import { parseFamilyId } from './family-id.ts'
import { drawFamilyPage } from './family-page/draw.ts'
import { type FamilyPage, readFamilyPage } from './family-page/read.ts'
import { dataConfig, openLog, withViews } from './open.ts'
import { print } from './terminal/output.ts'
import { paintFor } from './terminal/paint.ts'
import { Unable } from './unable.ts'

const NARROWEST = 60
const WIDEST = 120
/** A closing mark may hang over the edge. */
const HANGING = 2

export const timeline = new Command('timeline')
  .description('One family’s unbroken timeline, in the terminal')
  .addArgument(new Argument('<family>', 'the family’s UUID').argParser(parseFamilyId))
  .option('--json', 'one entry a line, as in GET /v1/families/{id}/timeline')
  .action(async (familyId: string, { json }: { json?: true }) => {
    const config = dataConfig()
    const store = await openLog(config)
    try {
      const lines = await withViews(config, store, (views, keyring) => {
        const page = readFamilyPage(views, keyring, familyId)
        if (!page) throw new Unable(`nothing is recorded about family ${familyId}`)
        return json
          ? asJson(page)
          : drawFamilyPage(page, {
              width: terminalWidth(),
              paint: paintFor(process.stdout),
              now: new Date().toISOString(),
            })
      })
      for (const line of lines) await print(line)
    } finally {
      await store.close()
    }
  })

const asJson = ({ entries, nameOf }: FamilyPage): readonly string[] => {
  const names = new Map(entries.map(({ actor: { staffId } }) => [staffId, nameOf('staff', staffId) ?? '']))
  return entries.map((entry) =>
    JSON.stringify(present({ entry, redacted: [], effect: 'allow' }, 'ja', names)),
  )
}

export const terminalWidth = (columns = process.stdout.columns ?? WIDEST): number =>
  Math.max(NARROWEST, Math.min(columns, WIDEST) - HANGING)
