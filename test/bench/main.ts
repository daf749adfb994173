import { parseArgs } from 'node:util'
import { benches } from './benches.ts'
import { place } from './kit/place.ts'
import { isMet, measurementOf, table } from './kit/report.ts'
import { runAll } from './kit/run.ts'

const USAGE = `npm run bench -- [name or beginning of a name …] [--quick] [--reps=n] [--json] [--profile=dir]
  --quick    one short repetition on small data: shows that everything runs, not for quoting
  --json     one line for each measurement
  --profile  a CPU profile of every program into this directory
Everything is written below BENCH_DIR (.bench): that is the disk whose figures these are.`

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    reps: { type: 'string' },
    profile: { type: 'string' },
  },
})
const chosen = benches.filter(
  ({ name }) => positionals.length === 0 || positionals.some((one) => name.startsWith(one)),
)
const repetitions = Number(options.reps ?? (options.quick ? 1 : 3))
if (options.help || chosen.length === 0 || !Number.isInteger(repetitions) || repetitions < 1) {
  console.error(`${USAGE}\n\n${benches.map(({ name }) => `  ${name}`).join('\n')}`)
  process.exit(options.help ? 0 : 2)
}

const runs = await runAll({
  benches: chosen,
  repetitions,
  size: options.quick
    ? { seconds: 0.5, warmUp: 0.5, many: 20_000 }
    : { seconds: 3, warmUp: 2, many: 1_000_000 },
  place: place(),
  nodeArgs: options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`],
  tell: (text) => console.error(text),
})
if (options.json) for (const run of runs) console.log(JSON.stringify(measurementOf(run)))
else console.log(table(runs))
const isBroken = runs.some((run) => run.isBroken || (!options.quick && isMet(run) === false))
process.exitCode = isBroken ? 1 : 0
