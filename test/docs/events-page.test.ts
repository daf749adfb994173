import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { lifecycles } from '#domain/lifecycles.ts'
import { eventsPage } from '../../docs/events-page.ts'

test('docs/events.md says what the code says; `npm run docs` brings it up to date', async (t) => {
  const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8')
  t.equal(page, eventsPage(lifecycles))
})
