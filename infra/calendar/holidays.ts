import holidayJp from '@holiday-jp/holiday_jp'
import type { Calendar } from '#domain/kernel/lifecycle.ts'

/** National holidays as the Cabinet Office publishes them, substitute and one-off holidays included. */
export const japaneseCalendar: Calendar = { isHoliday: (date) => date in holidayJp.holidays }
