import { join } from 'node:path'

/** Everything that the benches write is below this: the disk that is measured. */
export const place = (): string => process.env.BENCH_DIR ?? join(process.cwd(), '.bench')
