import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import { projections } from '#projections/registry.ts'
import { runProjectorThread } from '#src/projector/worker-side.ts'

/** The program of tomorrow: of every view there is a new version. */
const ofTomorrow = projections.map((projection) => ({ ...projection, version: projection.version + 1 }))

await runProjectorThread({ projections: ofTomorrow, decode: decoder(catalogue) })
