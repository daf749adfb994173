import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { startChild } from './kit/child.ts'
import { familiesOf } from './kit/resent.ts'
import { defectsOf } from './kit/soundness.ts'

const KILLS = 12
/** What follows of itself from the facts of one family of `resent.ts`. */
const CONSEQUENCES = 5
const seed = Number(process.env.SEED ?? randomInt(2 ** 31))

await t.test(
  'killed between a referral and what follows from it, each consequence is recorded once',
  async (t) => {
    t.comment(`SEED=${seed}`)
    const dir = t.testdir()
    const run = (families: number, point = 'never', nth = 0) =>
      startChild('processing.ts', [dir, String(families), point, String(nth)])

    // Every run finds one family more than the run before, so each has something left to be killed in.
    const point = fc.oneof(
      fc.tuple(fc.constantFrom('before', 'after'), fc.integer({ min: 1, max: CONSEQUENCES })),
      fc.constant(['checkpoint', 1] as const),
      fc.tuple(fc.constant('whenever'), fc.integer({ min: 1, max: 12 })),
    )
    for (const [families, [where, nth]] of fc.sample(point, { seed, numRuns: KILLS }).entries()) {
      const child = run(families + 1, where, nth)
      if (where === 'whenever') {
        await child.says('working')
        await pause(nth * 15)
        child.process.kill('SIGKILL')
      }
      await child.gone
      if (where !== 'whenever') t.notOk(child.said.includes('done'), `killed ${where} ${nth}`)
      t.strictSame(
        child.said.filter((line) => !['working', 'done'].includes(line)),
        [],
      )
    }
    const last = run(KILLS)
    await last.gone
    t.strictSame(last.said, ['working', 'done'])

    const file = join(dir, 'events.db')
    t.strictSame(defectsOf(file), [])
    const store = await openSqliteEventStore({ file })
    const typesIn = async (stream: `${string}-${string}`) =>
      (await store.read(stream)).map(({ type }) => type)
    for (const { family, consultation, declined, anew, visit } of familiesOf(KILLS)) {
      t.strictSame(await typesIn(`family-${family}`), ['FamilyRegistered', 'ChildAdded'])
      t.strictSame(await typesIn(`visit-${visit}`), ['VisitRecorded'])
      t.strictSame(await typesIn(`referral-${declined}`), [
        'ReferralSent',
        'ReferralDeclined',
        'ReferralClosed',
      ])
      t.strictSame(await typesIn(`referral-${anew}`), ['ReferralSent'])
      const links = (await store.read(`consultation-${consultation}`)).map(
        ({ type, data }) => `${type} ${data.referralId ?? ''}`,
      )
      t.equal(links.length, 4, links.join(', '))
      t.same(
        new Set(links),
        new Set([
          'ConsultationOpened ',
          `ConsultationLinked ${declined}`,
          `ConsultationLinked ${anew}`,
          `ConsultationUnlinked ${declined}`,
        ]),
      )
      const closed = (await store.read(`referral-${declined}`)).at(-1)
      t.match(closed, {
        data: { resolution: 'resent', supersededBy: anew },
        metadata: { actor: { role: 'system' } },
      })
    }
    await store.close()
  },
)
