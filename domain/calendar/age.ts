import { addDays } from '#domain/kernel/time.ts'

/** The first day on which a child may be cared for: day 57, the birth date being day 0 (dossier 3.3, question Q4). */
export const firstDayOfCare = (birthDate: string): string => addDays(birthDate, 57)

/** 1 April – 31 March; 2021 is FY2021. */
export const fiscalYear = (date: string): number =>
  Number(date.slice(0, 4)) - (date.slice(5, 7) < '04' ? 1 : 0)

/**
 * Completed years as the school law counts them: an age is reached on the day before the birthday,
 * so a child born on 1 April belongs to the year before (dossier 1.6).
 */
export const legalAgeOn = (birthDate: string, date: string): number => {
  const next = addDays(date, 1)
  return (
    Number(next.slice(0, 4)) - Number(birthDate.slice(0, 4)) - (next.slice(5) < birthDate.slice(5) ? 1 : 0)
  )
}

/** School grade in the fiscal year of `date`: 1–6 elementary, 0 and below before school, above 6 after it. */
export const schoolGradeOn = (birthDate: string, date: string): number => {
  const dayBeforeTheYear = `${fiscalYear(date)}-03-31`
  return legalAgeOn(birthDate, dayBeforeTheYear) - 5
}
