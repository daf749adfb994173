import { existsSync, writeFileSync } from 'node:fs'
import { runProjectorThread } from '#src/projector/worker-side.ts'
import { changed, decode, notes, tally } from './notes.ts'

/** Dies at a note called after a file that does not exist yet. */
const dying = changed(notes, {
  apply(event, rows) {
    const { note } = event.data as { note: string }
    if (note.startsWith('/') && !existsSync(note)) {
      writeFileSync(note, '')
      process.exit(1)
    }
    notes.apply(event as Parameters<typeof notes.apply>[0], rows as Parameters<typeof notes.apply>[1])
  },
})

await runProjectorThread({ projections: [dying, tally], decode })
