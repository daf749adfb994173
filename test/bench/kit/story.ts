import type { Stored } from '#domain/kernel/event-store.ts'
import type { Actor } from '#domain/kernel/metadata.ts'
import { systemActor } from '#domain/kernel/metadata.ts'
import { addHours, japanDate } from '#domain/kernel/time.ts'
import { lifecycles } from '#domain/lifecycles.ts'
import { japaneseCalendar } from '#infra/calendar/holidays.ts'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { seedDirectory } from '#src/seed.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import { writePath } from '#src/write/write-path.ts'
import { mchCoordinator, nakamura, ward } from '#test/kit/controls.ts'
import { transparent } from '../../kit/keys.ts'
import { visitBody } from './visits.ts'

const VISITS_IN_A_ROUND = 30
/** The visits, two corrections, and a need from notice to answer. */
export const EVENTS_IN_A_ROUND = VISITS_IN_A_ROUND + 2 + 14
const HOURS_BETWEEN = 20
/** What a mother said: nobody is to read it in the log, and whoever may is to read it on the timeline. */
export const SAID =
  '「夜になると涙が出る」と話される。上の子の送迎も一人でしており、日中は横になって過ごすことが多い。'

/** What a hub and a ward do with one family over the years: the first `count` events of it, decided by the real rules. */
export const story = async (
  count: number,
  start = '2019-04-03T01:00:00.000Z',
): Promise<readonly Stored[]> => {
  const store = memoryEventStore()
  let now = start
  const { execute } = writePath({
    store,
    keyring: transparent,
    now: () => now,
    calendar: japaneseCalendar,
  })
  await seedDirectory(execute)
  const directory = await store.head()

  const tell = async (name: string, id: string, data: unknown, actor: Actor = nakamura): Promise<void> => {
    const lifecycle = lifecycles.find(({ commands }) => name in commands)
    const spec = lifecycle?.commands[name]
    if (!lifecycle || !spec) throw new Error(`no command ${name}`)
    now = addHours(now, HOURS_BETWEEN / VISITS_IN_A_ROUND)
    const occurrence = { occurredAt: now, occurredOn: japanDate(now), precision: 'instant' } as const
    const parsed = spec.schema.parse(data)
    const outcome = await execute({
      lifecycle,
      name,
      id,
      data: parsed,
      actor,
      occurrence,
      commandId: uuidV7(),
    })
    if (outcome.kind !== 'done') throw new Error(`${name}: ${JSON.stringify(outcome)}`)
  }

  const familyId = uuidV7()
  const [mother, child] = [uuidV7(), uuidV7()]
  await tell('RegisterFamily', familyId, {
    card: 'K-20190403-01',
    caregivers: [
      {
        personId: mother,
        name: '田中美咲',
        kana: 'たなかみさき',
        relation: 'mother',
        contact: { phone: '090-0000-0001' },
      },
    ],
    children: [{ personId: child, name: '田中陽斗', kana: 'たなかはると', birthDate: '2018-12-07' }],
    residenceWard: '141097',
    familyType: 'B',
  })
  for (let round = 0; ; round++) {
    for (let number = 0; number < VISITS_IN_A_ROUND; number++) {
      const visitId = uuidV7()
      await tell('RecordVisit', visitId, visitBody(round + number, familyId))
      if (number % 15 === 14) await tell('CorrectVisit', visitId, { reason: 'typo', children: 1 })
      if (BigInt(count) + directory <= (await store.head())) return store.after(directory, count)
      now = addHours(now, HOURS_BETWEEN)
    }
    await needIsMet()
  }

  /** Noticed, talked about, consented, referred, answered, closed. */
  async function needIsMet(): Promise<void> {
    const [noticeId, consultationId, consentId, referralId] = [uuidV7(), uuidV7(), uuidV7(), uuidV7()]
    const abuseCheck = 'noConcern'
    await tell('RecordNotice', noticeId, {
      familyId,
      aboutPerson: mother,
      noticeKind: ['caregiverFatigue', 'isolation'],
      facts: '父「妻がほとんど眠れていない。外に出たがらない」',
      impression: '父自身は相談とは思っていない様子',
      approach: '次の来館で声をかける',
      serious: false,
      abuseCheck,
    })
    await tell('ShareNoticeInTeam', noticeId, { decision: 'approach' })
    await tell('OpenConsultation', consultationId, {
      familyId,
      people: [mother],
      trigger: 'conversationShift',
      service: 'userSupport',
      channel: 'inPersonHiroba',
      topics: ['caregiverMentalHealth', 'sleepRhythm'],
      noticeRefs: [noticeId],
    })
    await tell('RecordConsultationSession', consultationId, {
      channel: 'inPersonRoom',
      minutes: 40,
      topics: ['caregiverMentalHealth'],
      participants: ['母', '陽斗'],
      facts: SAID,
      impression: '疲れが強い',
      responses: ['listened', 'informed'],
      abuseCheck,
    })
    const scope = {
      recipients: [ward],
      dataClasses: ['contact', 'consultationSummary'],
      people: [mother, child],
    }
    await tell('GiveConsent', consentId, { ...scope, familyId, method: 'written', givenBy: mother })
    await tell('SendReferral', referralId, {
      familyId,
      people: [mother, child],
      consultationId,
      direction: 'inlet',
      linkLevel: 'mediate',
      urgency: 'urgent',
      reasons: ['postpartumMental'],
      toOrganization: ward,
      destinationKind: 'wardMchCoordinator',
      basis: consentId,
      dataClasses: ['contact', 'consultationSummary'],
      summary: '産後。睡眠不足と気分の落ち込みがあり、訪問を希望。',
    })
    const destination = { toOrganization: ward, destinationKind: 'wardMchCoordinator' }
    await tell('LinkConsultation', consultationId, { referralId, ...destination }, systemActor)
    await tell('AcknowledgeReferral', referralId, {}, mchCoordinator)
    await tell(
      'AcceptReferral',
      referralId,
      { assignee: 'ogawa', plannedContactOn: japanDate(addHours(now, 72)) },
      mchCoordinator,
    )
    await tell('MakeReferralContact', referralId, { result: 'reached' }, mchCoordinator)
    await tell(
      'ReportReferralOutcome',
      referralId,
      { outcome: 'connected', final: true, note: '訪問は続ける' },
      mchCoordinator,
    )
    await tell('CloseReferral', referralId, { resolution: 'completed' })
    await tell('UnlinkConsultation', consultationId, { referralId }, systemActor)
    await tell('CloseConsultation', consultationId, { closeReason: '区の訪問につながった' })
  }
}
