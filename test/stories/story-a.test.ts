import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { fiscalYear } from '#domain/calendar/age.ts'
import { careRequest } from '#domain/care-request/care-request.ts'
import { consultation } from '#domain/consultation/consultation.ts'
import { catalogue } from '#domain/events.ts'
import { decoder } from '#domain/kernel/codec.ts'
import { streamName } from '#domain/kernel/event.ts'
import { addDays, startOfDay, weekday } from '#domain/kernel/time.ts'
import { referral } from '#domain/referral/referral.ts'
import { retention } from '#domain/retention/retention.ts'
import { visit } from '#domain/visit/visit.ts'
import { openItems } from '#projections/open-items.ts'
import { projections } from '#projections/registry.ts'
import { retentionDates } from '#projections/retention.ts'
import { fujii, hara, nakamura, ogawa, saito, storyA, tanaka } from '#src/cli/demo/stories/tanaka.ts'
import { instantOf, passTime, welcome } from '#src/cli/demo/tell.ts'
import { readModelFile } from '#src/data/files.ts'
import { proposeErasures } from '#src/erasure/propose.ts'
import { verifyViews } from '#src/projector/verify.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import {
  engines,
  firstEntry,
  inJapan,
  outcomeOf,
  receiptOf,
  rowsMissing,
  tellIn,
  type World,
} from './kit/telling.ts'

/** Visits and heads of the family in one fiscal year, counted from what the hub sees. */
const visitsIn = async (world: World, year: number) => {
  const seen = new Set(
    (await world.timeline(nakamura.staffId, 'kind=visit&limit=500')).map(({ stream }) => stream),
  )
  const visits = (await world.of('VisitRecorded')).filter(
    ({ stream, metadata }) => seen.has(stream) && fiscalYear(metadata.occurredOn) === year,
  )
  const adults = visits.flatMap(({ data }) => data.visitors).reduce((sum, { number }) => sum + number, 0)
  const children = visits.reduce((sum, { data }) => sum + data.children, 0)
  return { visits, adults, children }
}

const anotherRequest = (wantedFrom: string, wantedTo: string) => ({
  familyId: tanaka.family,
  children: [tanaka.haruto],
  activityType: 'care',
  place: 'hiroba',
  wantedFrom,
  wantedTo,
  urgency: 'normal',
})

const nextReferral = {
  familyId: tanaka.family,
  people: [tanaka.mother],
  direction: 'inlet',
  linkLevel: 'mediate',
  urgency: 'normal',
  reasons: ['parentingDifficulty'],
  toOrganization: 'ORG-141097-W',
  destinationKind: 'wardDistrictNurse',
  dataClasses: ['contact'],
}

for (const engine of engines) {
  t.test(`story A on ${engine}`, async (t) => {
    const world = await tellIn(t, engine, storyA)
    const asHub = await world.timeline(saito.staffId)

    t.test('every one of the 25 rows is carried out or named as coming later', async (t) => {
      t.strictSame(rowsMissing(storyA), [])
    })

    t.test(
      'FY2021: 3 visits, 6 persons (4 adults, 2 children); a visit without purposes counts',
      async (t) => {
        const { visits, adults, children } = await visitsIn(world, 2021)
        t.strictSame([visits.length, adults, children], [3, 4, 2])
        t.equal(visits.filter(({ data }) => data.purposes.length === 0).length, 1)
      },
    )

    t.test(
      'FY2021: the father came twice, two visits were on a Saturday, one at the satellite',
      async (t) => {
        const { visits } = await visitsIn(world, 2021)
        t.equal(visits.filter(({ data }) => data.visitors.some(({ kind }) => kind === 'father')).length, 2)
        t.equal(visits.filter(({ metadata }) => weekday(metadata.occurredOn) === 6).length, 2)
        t.equal(visits.filter(({ data }) => data.site === 'SITE-141097-2').length, 1)
      },
    )

    t.test('A6: the hub knows the child from the visit of the father', async (t) => {
      const [added, ...more] = await world.of('ChildAdded')
      t.strictSame(more, [])
      t.match(added?.data.child, { personId: tanaka.haruto, birthDate: '2021-12-07' })
      t.equal(added?.metadata.occurredOn, '2022-02-05')
    })

    t.test('A25: kindergarten stands at 2025-04-08 and was recorded on 2025-04-12', async (t) => {
      const last = asHub.at(-1)
      t.match(last, { type: 'ChildPlacementChanged', occurredOn: '2025-04-08', late: true })
      t.equal(inJapan(last?.recordedAt ?? ''), '2025-04-12 10:20')
    })

    t.test('while the consent lasted, the ward saw REF-A1 and what was attached to it', async (t) => {
      const then = await tellIn(t, engine, storyA, { until: '2022-02-25 12:00' })
      const sent = firstEntry(await then.timeline(ogawa.staffId), 'referral', tanaka.referral)
      t.match(sent, { type: 'ReferralSent', summary: /産後2か月・睡眠不足/ })
      t.strictSame(sent?.redacted, [])
    })

    t.test(
      'years after it ended, the ward sees that there was a referral, and not what it said',
      async (t) => {
        const sent = firstEntry(await world.timeline(ogawa.staffId), 'referral', tanaka.referral)
        t.equal(sent?.type, 'ReferralSent')
        t.notMatch(sent?.summary, /産後2か月・睡眠不足/)
        t.match(sent?.redacted, ['/summary'])
      },
    )

    t.test(
      'the ward sees neither the notices A7 and A8 nor a word of the consultation, nor the visits',
      async (t) => {
        const asWard = await world.timeline(ogawa.staffId)
        const kinds = new Set(asWard.map(({ kind }) => kind))
        for (const hidden of ['notice', 'consultation', 'visit', 'careRequest'])
          t.notOk(kinds.has(hidden), hidden)
        t.notMatch(JSON.stringify(asWard), /眠れていない|夜になると|声をかける/)
        t.match(JSON.stringify(asHub), /眠れていない.*夜になると/, 'the hub sees both')
      },
    )

    t.test('the hub sees what the ward reported back', async (t) => {
      t.match(
        asHub.find(({ type }) => type === 'ReferralOutcomeReported'),
        { summary: /受診につながり、産後母子ケアも利用/ },
      )
    })

    t.test(
      'the dues are those of the table: acknowledge 02-18, first contact 02-22, outcome 03-20',
      async (t) => {
        const [sent] = await world.of('ReferralSent')
        t.match(sent?.data, { ackDueOn: '2022-02-18', firstContactDueOn: '2022-02-22' })
        const [accepted] = await world.of('ReferralAccepted')
        t.equal(accepted?.data.outcomeDueOn, '2022-03-20')
      },
    )

    t.test('nothing is overdue, however often somebody looks', async (t) => {
      t.equal(await world.system.processes.tick(), 0)
      t.strictSame(await world.of('ReferralOverdueDetected'), [])
    })

    t.test('CON-A1 is on the list of consultations without an end', async (t) => {
      const list = (await world.read(saito.staffId, '/v1/worklists/consultations-open')) as {
        items: { id: string; state: string }[]
      }
      t.match(list.items, [{ id: tanaka.consultation, state: 'open' }])
      t.strictSame(await world.of('ConsultationClosed'), [])
    })

    t.test('notice → consultation → referral can be walked both ways', async (t) => {
      const steps = [
        ['notice', tanaka.notice],
        ['consultation', tanaka.consultation],
        ['referral', tanaka.referral],
      ] as const
      for (const [i, [category, id]] of steps.entries()) {
        const entry = firstEntry(asHub, category, id)
        const next = steps[i + 1]
        const before = steps[i - 1]
        if (next)
          t.match(
            entry?.links.filter(({ rel }) => rel === 'ledTo').map(({ stream }) => stream),
            [streamName(next[0], next[1])],
          )
        if (before)
          t.ok(
            entry?.links.some(
              ({ rel, stream }) => rel !== 'ledTo' && stream === streamName(before[0], before[1]),
            ),
            `${category} ← ${before[0]}`,
          )
      }
    })

    t.test('as of noon on 2022-02-17 there is a consultation, and no referral that came of it', async (t) => {
      const noon = encodeURIComponent('2022-02-17T12:00:00+09:00')
      const then = await world.timeline(saito.staffId, `order=oldest&limit=500&asOf=${noon}`)
      t.equal(then.at(-1)?.type, 'ConsentGiven')
      t.strictSame(
        firstEntry(then, 'consultation', tanaka.consultation)?.links.filter(({ rel }) => rel === 'ledTo'),
        [],
      )
      t.match(firstEntry(then, 'notice', tanaka.notice)?.links, [{}, { rel: 'ledTo' }])
    })

    t.test('as of 2025-04-10 nobody knew of the kindergarten that had begun on the 8th', async (t) => {
      const asOf = encodeURIComponent('2025-04-10T00:00:00+09:00')
      const then = await world.timeline(saito.staffId, `limit=500&asOf=${asOf}`)
      t.strictSame(
        then.filter(({ type }) => type === 'ChildPlacementChanged'),
        [],
      )
    })

    t.test('every view rebuilt from the log equals the live one', async (t) => {
      const { store, keyring } = world.system
      const file = readModelFile(world.dataDir)
      await world.system.projector.reached(await store.head(), 10_000)
      const verdicts = await verifyViews({
        store,
        file,
        projections,
        decode: decoder(catalogue),
        secrets: keyring,
      })
      t.equal(verdicts.length, projections.length)
      t.strictSame(
        verdicts.filter(({ equal }) => !equal),
        [],
      )
    })

    t.test('N1: a visit without family, purpose and time is accepted and counted', async (t) => {
      const answer = await world.attempt({
        by: fujii,
        of: visit,
        command: 'RecordVisit',
        data: { visitors: ['mother'], children: 1 },
      })
      t.match(receiptOf(answer), { created: true, events: [{ type: 'VisitRecorded' }] })
    })

    t.test('N2: a referral without basis is refused by G1', async (t) => {
      const answer = await world.attempt({
        by: saito,
        of: referral,
        command: 'SendReferral',
        data: nextReferral,
      })
      t.equal(outcomeOf(answer), 'referral/no-basis')
    })

    t.test('what is recorded late stands where it happened, marked as late', async (t) => {
      const data = { familyId: tanaka.family, visitors: ['father'], children: 1, occurredOn: '2023-11-10' }
      receiptOf(await world.attempt({ by: nakamura, of: visit, command: 'RecordVisit', data }))
      const types = (await world.timeline(saito.staffId)).slice(-3).map(({ type, late }) => [type, late])
      t.strictSame(types, [
        ['ConsentExpired', false],
        ['VisitRecorded', true],
        ['ChildPlacementChanged', true],
      ])
    })

    t.test(
      'N15: erased five fiscal years after the last of it, counts are what they were and names are gone',
      async (t) => {
        const world = await tellIn(t, engine, storyA)
        const before = await visitsIn(world, 2021)
        const { store, projector, processes, eraser } = world.system
        await passTime(world.system, world.clock, startOfDay('2026-03-01'))
        for (const { stream } of world.system.views
          .reader(openItems)
          .list({ where: { family: tanaka.family } }))
          t.equal(
            stream,
            streamName('consultation', tanaka.consultation),
            'what is still open has to be ended first',
          )
        receiptOf(
          await world.attempt({
            by: saito,
            of: consultation,
            command: 'CloseConsultation',
            id: tanaka.consultation,
            data: { closeReason: '幼稚園に入り、相談は終わり' },
          }),
        )
        await projector.reached(await store.head(), 10_000)
        const keptUntil = world.system.views.reader(retentionDates).get(tanaka.family)?.keepUntil ?? ''
        t.match(keptUntil, /^20\d\d-03-31$/)
        world.clock.set(startOfDay(addDays(keptUntil, 1)))
        await processes.settled(await store.head(), 10_000)
        const director = { ...saito, staffId: 'shocho', role: 'hubDirector' as const, name: '所長' }
        const erase = () =>
          world.attempt({
            by: director,
            of: retention,
            command: 'ErasePersonalData',
            id: tanaka.family,
            data: { why: 'retentionEnded' },
          })
        t.equal(outcomeOf(await erase()), 'retention/not-due')
        t.equal(await proposeErasures(world.system), 1)
        await projector.reached(await store.head(), 10_000)
        t.equal(outcomeOf(await erase()), 'done')
        t.ok(await eraser.done(await store.head(), 10_000))
        await projector.reached(await store.head(), 10_000)
        t.strictSame([before.visits.length, before.adults, before.children], [3, 4, 2])
        const after = await visitsIn(world, 2021)
        t.strictSame([after.visits.length, after.adults, after.children], [3, 4, 2])
        const left = JSON.stringify([
          (await world.facts()).map(({ data, metadata }) => [data, metadata]),
          await world.timeline(saito.staffId),
          await world.read(saito.staffId, `/v1/families/${tanaka.family}`),
          await world.read(saito.staffId, '/v1/feeds/referrals?limit=500'),
        ])
        t.notMatch(left, /美咲|健一|陽斗|田中|2021-12-07|1097-0421/)
      },
    )

    t.test('N5: the ward asks for the notice A7: refused, and logged', async (t) => {
      t.match(await world.read(ogawa.staffId, `/v1/notices/${tanaka.notice}`), { status: 404 })
      t.match(
        world.logged.filter((line) => line.includes('reading refused')).at(-1),
        /"route":"\/v1\/notices\/:id".*"staffId":"ogawa"/,
      )
      // Written when the answer has gone.
      const refusals = async () =>
        (await world.system.store.read(streamName('access', tanaka.family))).filter(
          ({ type }) => type === 'ReadingRefused',
        )
      for (let tries = 0; tries < 100 && (await refusals()).length === 0; tries++) await pause(20)
      t.match((await refusals()).at(-1), {
        data: { route: '/v1/notices/:id', rule: 'default', holder: 'ORG-141097-H' },
        metadata: { actor: { staffId: 'ogawa' } },
      })
    })

    t.test('N6: the hub of another ward searches for 田中 and finds nothing', async (t) => {
      t.strictSame(await world.search(saito.staffId, { name: '田中 陽斗', birthDate: '2021-12-07' }), {
        families: [{ familyId: tanaka.family }],
      })
      const elsewhere = {
        staffId: 'tsurumi-1',
        name: '鶴見',
        role: 'hubStaff' as const,
        organization: 'ORG-141011-H',
      }
      await welcome(world.system, world.clock, elsewhere)
      t.strictSame(await world.search(elsewhere.staffId, { name: '田中 陽斗', birthDate: '2021-12-07' }), {
        families: [],
      })
      t.match(await world.read(elsewhere.staffId, `/v1/families/${tanaka.family}/timeline`), { status: 404 })
    })

    t.test('N10: A9 annulled as "wrong family" leaves 4 persons in FY2021', async (t) => {
      const answer = await world.attempt({
        by: nakamura,
        of: visit,
        command: 'AnnulVisit',
        id: tanaka.visits.mother,
        data: { reason: 'wrongFamily' },
      })
      t.equal(outcomeOf(answer), 'done')
      const { visits, adults, children } = await visitsIn(world, 2021)
      t.strictSame([visits.length, adults + children], [2, 4])
    })
  })

  t.test(`story A on ${engine}, stopped on the way`, async (t) => {
    t.test(
      'A16, N3: care is requested before there is a member; the match waits for member and pre-meeting',
      async (t) => {
        const world = await tellIn(t, engine, storyA, { until: '2022-03-09 10:15' })
        const agree = () =>
          world.attempt({
            by: hara,
            of: careRequest,
            command: 'AgreeMatch',
            id: tanaka.careRequest,
            data: {},
          })
        t.equal((await world.of('CareRequested')).length, 1)
        t.equal((await world.of('MembershipRegistered')).length, 0)
        t.match(await agree(), {
          kind: 'refused',
          refusal: { refused: 'care-request/illegal-transition' },
          state: 'requested',
        })
        const meet = { provider: tanaka.provider }
        await world.attempt({
          by: hara,
          of: careRequest,
          command: 'HoldPreMeeting',
          id: tanaka.careRequest,
          data: meet,
        })
        t.equal(outcomeOf(await agree()), 'care-request/no-active-membership')
      },
    )

    t.test('N8: the same request twice under one key is one request', async (t) => {
      const world = await tellIn(t, engine, storyA, { until: '2022-03-09 10:00' })
      const request = {
        by: hara,
        of: careRequest,
        command: 'RequestCare',
        id: tanaka.careRequest,
        data: anotherRequest('2022-03-10T09:30', '2022-03-10T11:00'),
        key: uuidV7(),
      }
      const [first, second] = [
        receiptOf(await world.attempt(request)),
        receiptOf(await world.attempt(request)),
      ]
      t.strictSame([first.replayed, second.replayed], [false, true])
      t.strictSame(second.events, first.events)
      t.equal((await world.of('CareRequested')).length, 1)
    })

    t.test(
      'N9: two coordinators agree in the same second; one succeeds, the other sees the current state',
      async (t) => {
        const world = await tellIn(t, engine, storyA, { until: '2022-03-09 15:59' })
        const agree = (by: typeof hara) =>
          world.attempt({
            by,
            of: careRequest,
            command: 'AgreeMatch',
            id: tanaka.careRequest,
            data: { match: uuidV7() },
          })
        const answers = await Promise.all([agree(hara), agree(saito)])
        t.strictSame(answers.map(outcomeOf).toSorted(), ['care-request/illegal-transition', 'done'])
        t.match(
          answers.find(({ kind }) => kind === 'refused'),
          { state: 'agreed' },
        )
        t.equal((await world.of('MatchAgreed')).length, 1)
      },
    )

    t.test('day 57 is 2022-02-02: care on 02-01 is refused, care on 02-02 agreed', async (t) => {
      const world = await tellIn(t, engine, storyA, { until: '2022-03-09 16:00' })
      const agreedOn = async (day: string) => {
        const one = { by: hara, of: careRequest, id: uuidV7() }
        const data = anotherRequest(`${day}T09:30`, `${day}T11:00`)
        receiptOf(await world.attempt({ ...one, command: 'RequestCare', data }))
        receiptOf(
          await world.attempt({ ...one, command: 'HoldPreMeeting', data: { provider: tanaka.provider } }),
        )
        return outcomeOf(await world.attempt({ ...one, command: 'AgreeMatch', data: {} }))
      }
      t.equal(await agreedOn('2022-02-01'), 'care-request/child-not-eligible')
      t.equal(await agreedOn('2022-02-02'), 'done')
    })

    t.test('CNS-A1 carries a new referral on 2022-08-31 and none on 2022-09-01', async (t) => {
      const world = await tellIn(t, engine, storyA, { until: '2022-08-31 16:00' })
      const data = { ...nextReferral, basis: tanaka.consent }
      const send = async () =>
        outcomeOf(await world.attempt({ by: saito, of: referral, command: 'SendReferral', data }))
      t.equal(await send(), 'done')
      await passTime(world.system, world.clock, instantOf('2022-09-01 09:00'))
      t.equal(await send(), 'referral/not-covered-by-consent')
      t.match(await world.of('ConsentExpired'), [
        { data: { until: '2022-08-31' }, metadata: { occurredOn: '2022-09-01' } },
      ])
    })
  })
}
