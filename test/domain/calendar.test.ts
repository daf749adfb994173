import t from 'tap'
import { firstDayOfCare, fiscalYear, legalAgeOn, schoolGradeOn } from '#domain/calendar/age.ts'
import {
  addBusinessDays,
  businessDaysBetween,
  isBusinessDay,
  type OpeningWeek,
} from '#domain/calendar/business-days.ts'
import { addDays, daysBetween, japanClock, japanDate, startOfDay } from '#domain/kernel/time.ts'
import { calendar } from '#test/kit/controls.ts'

const open = (week: OpeningWeek, day: string) => isBusinessDay(day, week, calendar)

t.test('wards are open Monday to Friday, hubs Tuesday to Saturday', async (t) => {
  const week = [
    '2022-03-06',
    '2022-03-07',
    '2022-03-08',
    '2022-03-09',
    '2022-03-10',
    '2022-03-11',
    '2022-03-12',
  ]
  t.strictSame(
    week.map((day) => open('ward', day)),
    [false, true, true, true, true, true, false],
  )
  t.strictSame(
    week.map((day) => open('hub', day)),
    [false, false, true, true, true, true, true],
  )
})

t.test('both are closed from 29 December to 3 January', async (t) => {
  // 28 December 2021 is a Tuesday, 4 January 2022 a Tuesday.
  for (const week of ['ward', 'hub'] as const) {
    t.ok(open(week, '2021-12-28'))
    for (const day of ['2021-12-29', '2021-12-30', '2021-12-31', '2022-01-01', '2022-01-02', '2022-01-03'])
      t.notOk(open(week, day))
    t.ok(open(week, '2022-01-04'))
    t.equal(addBusinessDays('2021-12-28', 1, week, calendar), '2022-01-04')
  }
})

t.test('both are closed on national holidays, also substitute and one-off ones', async (t) => {
  for (const day of [
    '2022-02-23',
    '2022-03-21',
    '2021-07-23',
    '2021-08-09',
    '2019-05-01',
    '2019-05-02',
    '2019-10-22',
  ])
    for (const week of ['ward', 'hub'] as const) t.notOk(open(week, day), day)
})

t.test('the day itself does not count; none is the day itself', async (t) => {
  t.equal(addBusinessDays('2022-02-17', 0, 'ward', calendar), '2022-02-17')
  t.equal(addBusinessDays('2022-02-20', 0, 'ward', calendar), '2022-02-20')
  t.equal(addBusinessDays('2022-02-17', 1, 'ward', calendar), '2022-02-18')
  t.equal(addBusinessDays('2022-02-18', 1, 'ward', calendar), '2022-02-21')
  t.equal(addBusinessDays('2022-02-18', 1, 'hub', calendar), '2022-02-19')
  t.equal(addBusinessDays('2022-02-19', 1, 'hub', calendar), '2022-02-22')
})

t.test('Golden Week is long', async (t) => {
  t.equal(addBusinessDays('2023-05-02', 1, 'ward', calendar), '2023-05-08')
  t.equal(addBusinessDays('2023-05-02', 1, 'hub', calendar), '2023-05-06')
})

t.test('counting and adding agree, in both weeks', async (t) => {
  for (const week of ['ward', 'hub'] as const)
    for (let start = '2021-12-20'; start < '2022-01-12'; start = addDays(start, 1))
      for (const days of [1, 2, 3, 5, 10])
        t.equal(
          businessDaysBetween(start, addBusinessDays(start, days, week, calendar), week, calendar),
          days,
        )
})

t.test('story C: from 2023-03-28 to 2023-04-04 are five business days of the ward', async (t) => {
  t.equal(businessDaysBetween('2023-03-28', '2023-04-04', 'ward', calendar), 5)
  t.equal(businessDaysBetween('2023-04-04', '2023-03-28', 'ward', calendar), 0)
})

t.test('the fiscal year begins on 1 April', async (t) => {
  t.equal(fiscalYear('2022-03-31'), 2021)
  t.equal(fiscalYear('2022-04-01'), 2022)
  t.equal(fiscalYear('2021-12-31'), 2021)
  t.equal(fiscalYear('2025-04-08'), 2025)
})

t.test('day 57 is the birth date plus 57 days', async (t) => {
  t.equal(firstDayOfCare('2021-12-07'), '2022-02-02')
  t.equal(daysBetween('2021-12-07', firstDayOfCare('2021-12-07')), 57)
  t.equal(firstDayOfCare('2024-01-03'), '2024-02-29')
})

t.test('an age is reached on the day before the birthday', async (t) => {
  t.equal(legalAgeOn('2015-04-01', '2021-03-30'), 5)
  t.equal(legalAgeOn('2015-04-01', '2021-03-31'), 6)
  t.equal(legalAgeOn('2015-04-02', '2021-03-31'), 5)
  t.equal(legalAgeOn('2020-02-29', '2021-02-27'), 0)
  t.equal(legalAgeOn('2020-02-29', '2021-02-28'), 1)
  t.equal(legalAgeOn('2020-01-01', '2020-12-31'), 1)
})

t.test('a school year gathers the children born from 2 April to 1 April', async (t) => {
  t.equal(schoolGradeOn('2014-04-02', '2021-04-01'), 1)
  t.equal(schoolGradeOn('2015-04-01', '2021-04-01'), 1)
  t.equal(schoolGradeOn('2015-04-02', '2021-04-01'), 0)
  t.equal(schoolGradeOn('2015-04-02', '2022-03-31'), 0)
  t.equal(schoolGradeOn('2015-04-02', '2022-04-01'), 1)
  t.equal(schoolGradeOn('2014-04-01', '2021-04-01'), 2)
  t.equal(schoolGradeOn('2009-04-02', '2022-03-31'), 6)
  t.equal(schoolGradeOn('2009-04-02', '2022-04-01'), 7)
})

t.test('days are days in Japan', async (t) => {
  t.equal(japanDate('2022-02-16T14:59:59.999Z'), '2022-02-16')
  t.equal(japanDate('2022-02-16T15:00:00Z'), '2022-02-17')
  t.equal(japanDate('2022-02-17T00:00+09:00'), '2022-02-17')
  t.equal(japanClock('2022-02-17T04:30:00Z'), '13:30')
  t.equal(startOfDay('2022-02-17'), '2022-02-16T15:00:00.000Z')
})
