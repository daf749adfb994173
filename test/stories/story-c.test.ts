import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fiscalYear } from '#domain/calendar/age.ts'
import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import { streamName } from '#domain/kernel/event.ts'
import { daysBetween, weekday } from '#domain/kernel/time.ts'
import { referral } from '#domain/referral/referral.ts'
import { projections } from '#projections/registry.ts'
import { hirano, ishida, kawaguchi, storyC, takahashi } from '#src/cli/demo/stories/takahashi.ts'
import { instantOf, passTime, storyClock } from '#src/cli/demo/tell.ts'
import { readModelFile } from '#src/data/files.ts'
import { verifyViews } from '#src/projector/verify.ts'
import {
  engines,
  firstEntry,
  inJapan,
  openWorld,
  outcomeOf,
  rowsMissing,
  tellIn,
  type World,
} from './kit/telling.ts'

const missed = async (world: World) =>
  (await world.of('ReferralOverdueDetected')).map(({ data, recordedAt }) => [
    data.clock,
    data.dueOn,
    inJapan(recordedAt),
  ])

const EXACTLY_THREE = [
  ['ack', '2023-03-27', '2023-03-28 00:05'],
  ['firstContact', '2023-03-28', '2023-03-29 00:05'],
  ['outcome', '2023-05-05', '2023-05-06 00:05'],
]

for (const engine of engines) {
  t.test(`story C on ${engine}`, async (t) => {
    const world = await tellIn(t, engine, storyC)
    const asHub = await world.timeline(kawaguchi.staffId)

    t.test(
      'every one of the 25 rows is carried out, found out by the clocks or named as coming later',
      async (t) => {
        t.strictSame(rowsMissing(storyC), [])
      },
    )

    t.test(
      'C14, C15 and the outcome: exactly three clocks were missed, each noted the night after',
      async (t) => {
        t.strictSame(await missed(world), EXACTLY_THREE)
        t.ok(
          (await world.of('ReferralOverdueDetected')).every(
            ({ metadata }) => metadata.actor.role === 'system',
          ),
        )
      },
    )

    t.test('looking again finds no fourth', async (t) => {
      t.equal(await world.system.processes.tick(), 0)
      t.strictSame(await missed(world), EXACTLY_THREE)
    })

    t.test('overdue is a fact, not a state: the referral is accepted', async (t) => {
      t.match(await world.read(hirano.staffId, `/v1/referrals/${takahashi.referral}`), { state: 'accepted' })
    })

    t.test(
      'C12, C13: passed on inside the ward office, the first contact keeps its day and the desk gets its own',
      async (t) => {
        const [sent] = await world.of('ReferralSent')
        t.match(sent?.data, { ackDueOn: '2023-03-24', firstContactDueOn: '2023-03-28' })
        const [redirected] = await world.of('ReferralRedirected')
        t.match(redirected?.data, { ackDueOn: '2023-03-27', firstContactDueOn: '2023-03-28' })
      },
    )

    t.test('C16: from 2023-03-28 to 04-04 are five business days', async (t) => {
      const [escalated] = await world.of('ReferralEscalated')
      t.equal(escalated?.data.businessDaysLate, 5)
    })

    t.test('one referral shows in two fiscal years: sent in FY2022, accepted in FY2023', async (t) => {
      const yearsOf = async (type: 'ReferralSent' | 'ReferralAccepted') =>
        (await world.of(type)).map(({ metadata }) => fiscalYear(metadata.occurredOn))
      t.strictSame([await yearsOf('ReferralSent'), await yearsOf('ReferralAccepted')], [[2022], [2023]])
    })

    t.test('C17: the outcome is due 30 days after acceptance', async (t) => {
      const [accepted] = await world.of('ReferralAccepted')
      t.equal(accepted?.data.outcomeDueOn, '2023-05-05')
      t.equal(daysBetween('2023-04-05', '2023-05-05'), 30)
    })

    t.test('2022-01-15: one visit of four, father and grandfather, a Saturday, not the mother', async (t) => {
      const visits = (await world.of('VisitRecorded')).filter(
        ({ metadata }) => metadata.occurredOn === '2022-01-15',
      )
      t.equal(visits.length, 1)
      t.strictSame(
        visits.flatMap(({ data }) => data.visitors.map(({ kind }) => kind)),
        ['father', 'grandfather'],
      )
      t.equal(visits[0]?.data.children, 2)
      t.equal(weekday('2022-01-15'), 6)
    })

    t.test(
      'N7: between the notice and the day she speaks there is no due date, reminder or message about the family',
      async (t) => {
        const waiting = (await world.facts()).filter(
          ({ recordedAt }) =>
            recordedAt > instantOf('2022-03-10 00:00') && recordedAt < instantOf('2023-03-22 00:00'),
        )
        t.strictSame(waiting, [])
      },
    )

    t.test(
      'the consultation names its watch-over, which is recorded later, and leads to the referral',
      async (t) => {
        const [opened] = await world.of('ConsultationOpened')
        t.equal(opened?.data.watchOver, takahashi.watchOver)
        const consultation = firstEntry(asHub, 'consultation', takahashi.consultation)
        t.match(
          consultation?.links.filter(({ rel }) => rel === 'ledTo'),
          [{ stream: streamName('referral', takahashi.referral) }],
        )
        const sent = firstEntry(asHub, 'referral', takahashi.referral)
        t.ok(sent?.links.some(({ stream }) => stream === streamName('consultation', takahashi.consultation)))
      },
    )

    t.test('the past keeps its actors: what Ishida did stays Ishida’s', async (t) => {
      const [opened] = await world.of('ConsultationOpened')
      t.equal(opened?.metadata.actor.staffId, ishida.staffId)
    })

    t.test('C25: kindergarten stands at 2025-04-10 and was recorded two days later', async (t) => {
      t.match(asHub.at(-1), { type: 'ChildPlacementChanged', occurredOn: '2025-04-10', late: true })
    })

    t.test('as of 2023-03-27 the referral is with the ward and nothing is overdue', async (t) => {
      const asOf = encodeURIComponent('2023-03-27T23:59:00+09:00')
      const then = await world.timeline(kawaguchi.staffId, `order=oldest&limit=500&asOf=${asOf}`)
      t.equal(then.at(-1)?.type, 'ReferralRedirected')
    })

    t.test('every view rebuilt from the log equals the live one', async (t) => {
      const { store, keyring } = world.system
      await world.system.projector.reached(await store.head(), 10_000)
      const verdicts = await verifyViews({
        store,
        file: readModelFile(world.dataDir),
        projections,
        decode: decoder(catalogue),
        secrets: keyring,
      })
      t.strictSame(
        verdicts.filter(({ equal }) => !equal),
        [],
      )
    })
  })

  t.test(
    `story C on ${engine}: CNS-C1 carries a referral on its last day, 2024-03-21, and none after it`,
    async (t) => {
      const world = await tellIn(t, engine, storyC, { until: '2024-03-21 16:00' })
      const data = {
        familyId: takahashi.family,
        people: [takahashi.mother],
        direction: 'inlet',
        linkLevel: 'mediate',
        urgency: 'normal',
        reasons: ['economicHousing'],
        toOrganization: 'ORG-141101-W',
        destinationKind: 'wardLivingSupport',
        basis: takahashi.consent,
        dataClasses: ['contact'],
      }
      const send = async () =>
        outcomeOf(await world.attempt({ by: kawaguchi, of: referral, command: 'SendReferral', data }))
      t.equal(await send(), 'done')
      await passTime(world.system, world.clock, instantOf('2024-03-22 09:00'))
      t.equal(await send(), 'referral/not-covered-by-consent')
      t.match(await world.of('ConsentExpired'), [{ data: { until: '2024-03-21' } }])
    },
  )
}

t.test('processes that forgot everything go through the log again and note no clock twice', async (t) => {
  const dataDir = t.testdir()
  const before = await tellIn(t, 'sqlite', storyC, { dataDir })
  const facts = await before.facts()
  await before.stop()
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDir, `processes.db${suffix}`), { force: true })

  const after = await openWorld('sqlite', storyC, storyClock('2025-06-01 09:00'), dataDir)
  t.teardown(after.stop)
  await after.system.processes.settled(await after.system.store.head(), 10_000)
  await after.system.processes.tick()
  t.strictSame(await missed(after), EXACTLY_THREE)
  t.equal((await after.facts()).length, facts.length)
})
