import { z } from 'zod'
import { whereabouts } from '#domain/kernel/schema.ts'
import { wards } from './wards.ts'

/** Six digits, the last a check digit: weights 6 5 4 3 2, 11 minus the remainder by 11, its last digit (dossier 1.7). */
export const hasCheckDigit = (code: string): boolean => {
  const sum = [6, 5, 4, 3, 2].reduce((total, weight, i) => total + weight * Number(code[i]), 0)
  return Number(code[5]) === (11 - (sum % 11)) % 10
}

/** A ward of Yokohama. */
export const WardCode = whereabouts(z.enum(Object.keys(wards) as [keyof typeof wards]))
export type WardCode = z.output<typeof WardCode>

/** Any municipality or ward in Japan: families also come from and move to elsewhere. */
export const MunicipalityCode = whereabouts(
  z
    .string()
    .regex(/^\d{6}$/)
    .refine(hasCheckDigit, 'check digit does not fit'),
)
