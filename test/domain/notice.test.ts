import { notice } from '#domain/notice/notice.ts'
import {
  director,
  elsewhere,
  family,
  mainSite,
  mchCoordinator,
  nakamura,
  satellite,
} from '#test/kit/controls.ts'
import { by, fact } from '#test/kit/facts.ts'
import { rulesOf } from '#test/kit/spec.ts'

const rule = rulesOf(notice)
const recorded = by(nakamura, fact('NoticeRecorded'))
const seen = { familyId: family, noticeKind: ['caregiverFatigue'], facts: '眠れていない様子' }

await rule('a notice is shared in the team within seven days (A7: by 2022-02-12)', (given) =>
  given()
    .when('RecordNotice', seen, { by: nakamura, on: '2022-02-05T11:30+09:00' })
    .emits({ type: 'NoticeRecorded', data: { ...seen, shareBy: '2022-02-12' } }),
)

await rule('a notice names at least one kind', (given) =>
  given()
    .when('RecordNotice', { ...seen, noticeKind: [] })
    .invalid('/noticeKind'),
)

await rule('about the child’s condition the abuse check must be answered (R-PRI-12)', (given) => {
  const worried = { ...seen, noticeKind: ['childCondition'] }
  given().when('RecordNotice', worried).invalid('/abuseCheck')
  given()
    .when('RecordNotice', { ...worried, abuseCheck: 'unsure' })
    .emits({ type: 'NoticeRecorded', data: { ...worried, abuseCheck: 'unsure', shareBy: '2022-02-24' } })
})

await rule('a hub’s own sub-code of the child’s condition asks for the check, too', (given) =>
  given()
    .when('RecordNotice', { ...seen, noticeKind: ['childCondition/bruise'] })
    .invalid('/abuseCheck'),
)

await rule('about parent and child together it is asked only when the matter is serious', (given) => {
  const watched = { ...seen, noticeKind: ['interaction'] }
  given()
    .when('RecordNotice', { ...watched, serious: true })
    .invalid('/abuseCheck')
  given()
    .when('RecordNotice', { ...watched, serious: false })
    .emits({ type: 'NoticeRecorded', data: { ...watched, serious: false, shareBy: '2022-02-24' } })
})

await rule('good things are noticed, too', (given) => {
  const good = { ...seen, noticeKind: ['positive'] }
  given()
    .when('RecordNotice', good)
    .emits({ type: 'NoticeRecorded', data: { ...good, shareBy: '2022-02-24' } })
})

await rule('notices are made by the hub, not by the ward', (given) =>
  given().when('RecordNotice', seen, { by: mchCoordinator }).forbidden(),
)

await rule('main site and satellite decide together; keeping an eye on it is a decision (A8)', (given) => {
  const shared = { decision: 'keepEyeOn', sharedWithSites: [mainSite, satellite] }
  given(...recorded)
    .when('ShareNoticeInTeam', shared, { by: director })
    .emits({ type: 'NoticeSharedInTeam', data: shared })
})

await rule('every decision of the table can be made, and no other', (given) => {
  for (const decision of ['keepEyeOn', 'approach', 'startWatchOver', 'consultWard', 'report'])
    given(...recorded)
      .when('ShareNoticeInTeam', { decision })
      .emits({ type: 'NoticeSharedInTeam', data: { decision, sharedWithSites: [] } })
  given(...recorded)
    .when('ShareNoticeInTeam', { decision: 'ignore' })
    .invalid('/decision')
})

await rule('another hub does not get to know that the notice exists', (given) =>
  given(...recorded)
    .when('ShareNoticeInTeam', { decision: 'approach' }, { by: elsewhere })
    .rejects('notice/another-hub'),
)

await rule('what was shared is not shared again', (given) =>
  given(...recorded, fact('NoticeSharedInTeam'))
    .when('ShareNoticeInTeam', { decision: 'approach' })
    .rejects('notice/illegal-transition'),
)

await rule('what was never noticed cannot be shared', (given) =>
  given().when('ShareNoticeInTeam', { decision: 'approach' }).rejects('notice/not-found'),
)
