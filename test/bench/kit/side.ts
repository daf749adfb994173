import { benches } from '../benches.ts'
import type { Size } from './bench.ts'

/** One side of one bench, once, in a process of its own: `side.ts <bench> ours|theirs <size>`. */
const [name, which, size = '{}'] = process.argv.slice(2)
const bench = benches.find((one) => one.name === name)
const run = which === 'ours' ? bench?.ours : bench?.against?.run
if (!run) throw new RangeError(`there is no ${which} of ${name}`)
const figure = await run(JSON.parse(size) as Size)
process.send?.({ figure })
process.disconnect?.()
