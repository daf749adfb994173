import { writeFileSync } from 'node:fs'
import { lifecycles } from '#domain/lifecycles.ts'
import { eventsPage } from './events-page.ts'

/** `npm run docs`: pages that are made from the code. A test fails while they are behind it. */
writeFileSync(new URL('events.md', import.meta.url), eventsPage(lifecycles))
