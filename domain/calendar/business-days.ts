import { addDays, weekday } from '#domain/kernel/time.ts'

/** Whose week it is: ward offices Monday–Friday, hubs Tuesday–Saturday, both without holidays and 29 Dec – 3 Jan (R-LIF-3). */
export type OpeningWeek = 'ward' | 'hub'

export type Holidays = { readonly isHoliday: (date: string) => boolean }

const openWeekdays: Record<OpeningWeek, readonly number[]> = { ward: [1, 2, 3, 4, 5], hub: [2, 3, 4, 5, 6] }

const isYearEnd = (date: string): boolean => {
  const monthDay = date.slice(5)
  return monthDay >= '12-29' || monthDay <= '01-03'
}

export const isBusinessDay = (date: string, week: OpeningWeek, holidays: Holidays): boolean =>
  openWeekdays[week].includes(weekday(date)) && !isYearEnd(date) && !holidays.isHoliday(date)

/** The `days`-th business day after `date`; the day itself does not count. `days` = 0 is the date itself. */
export const addBusinessDays = (
  date: string,
  days: number,
  week: OpeningWeek,
  holidays: Holidays,
): string => {
  let day = date
  for (let left = days; left > 0; ) {
    day = addDays(day, 1)
    if (isBusinessDay(day, week, holidays)) left--
  }
  return day
}

/** Business days after `from` up to and including `to`; 0 when `to` is not later. */
export const businessDaysBetween = (
  from: string,
  to: string,
  week: OpeningWeek,
  holidays: Holidays,
): number => {
  let count = 0
  for (let day = addDays(from, 1); day <= to; day = addDays(day, 1))
    if (isBusinessDay(day, week, holidays)) count++
  return count
}
