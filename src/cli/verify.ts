import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import { projections } from '#projections/registry.ts'
import { readModelFile } from '#src/data/files.ts'
import { type Verdict, verifyViews } from '#src/projector/verify.ts'
import { dataConfig, keyringOf, openLog } from './open.ts'
import { pad } from './terminal/layout.ts'
import { note, print } from './terminal/output.ts'
import { type Paint, paintFor } from './terminal/paint.ts'
import { progressBar } from './terminal/progress.ts'
import { Unable } from './unable.ts'

type Options = { readonly json?: true }

export const verify = new Command('verify')
  .description(
    'Fold the log once more and compare with the live views, row by row: a fingerprint for each, exit code 1 when one differs',
  )
  .option('--json', 'one view a line, as JSON')
  .action(async ({ json }: Options) => {
    const config = dataConfig()
    const file = readModelFile(config.DATA_DIR)
    const store = await openLog(config)
    const secrets = keyringOf(config)
    try {
      if (!existsSync(file))
        throw new Unable(`no view has been built in ${config.DATA_DIR} yet (tsunagi rebuild)`)
      const bar = progressBar('verify')
      const verdicts = await verifyViews({
        store,
        file,
        projections,
        decode: decoder(catalogue),
        secrets,
        onProgress: bar.at,
      }).finally(bar.end)
      const paint = paintFor(process.stdout)
      for (const verdict of verdicts)
        await print(
          json ? JSON.stringify({ ...verdict, position: String(verdict.position) }) : inWords(verdict, paint),
        )
      const different = verdicts.filter(({ equal }) => !equal)
      if (different.length === 0) return
      note(
        `tsunagi: ${different.map(({ name }) => name).join(', ')}: not what the log says (tsunagi rebuild builds anew)`,
      )
      process.exitCode = 1
    } finally {
      await store.close()
      secrets.close()
    }
  })

const inWords = ({ name, version, position, live, rebuilt, equal, reason }: Verdict, paint: Paint): string =>
  [
    equal ? paint('green', '✓ equal    ') : paint('red', '✗ different'),
    pad(`${name} v${version}`, 22),
    paint('dim', `up to ${position}`),
    equal
      ? live
      : `live ${live?.slice(0, 16) ?? '–'}  rebuilt ${rebuilt?.slice(0, 16) ?? '–'}${reason ? `  ${reason}` : ''}`,
  ].join('  ')
