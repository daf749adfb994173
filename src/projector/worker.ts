import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import { projections } from '#projections/registry.ts'
import { runProjectorThread } from './worker-side.ts'

await runProjectorThread({ projections, decode: decoder(catalogue) })
