import { type Effect, type Kind, kinds } from '#domain/access/grid.ts'
import type { DataClass } from '#domain/kernel/classes.ts'
import type { Question } from './kit.ts'

type Situation = Pick<Question, 'action' | 'holder' | 'mine' | 'circumstances'>
const read = (holder: Question['holder'], circumstances = {}, mine = false): Situation => ({
  action: 'read',
  holder,
  mine,
  circumstances,
})

/** The columns of docs/access-rules.csv: the situations that a lawyer asks about. */
export const situations: Readonly<Record<string, Situation>> = {
  'own organisation’s record': read('own'),
  'own record + recorded by the asker': read('own', {}, true),
  'own record + something to do for the family': read('own', { assigned: true }),
  'another’s record': read('other'),
  'another’s + with consent': read('other', { basis: 'consent' }),
  'another’s + addressed here': read('addressed'),
  'another’s + addressed here + with consent': read('addressed', { basis: 'consent' }),
  'another’s + addressed here + on a legal ground': read('addressed', { basis: 'legal' }),
  'own record + household in hiding': read('own', { dvProtected: true }),
  'own record + in hiding + something to do for it': read('own', { dvProtected: true, assigned: true }),
  'another’s record + glass broken': read('other', { breakGlass: true }),
  'own record + declared conflict': read('own', { conflict: true }),
  'auditor with approval for the case': read('other', { approval: true }),
  'write: own organisation’s record': { action: 'write', holder: 'own', mine: false, circumstances: {} },
  'write: another’s + addressed here + with consent': {
    action: 'write',
    holder: 'addressed',
    mine: false,
    circumstances: { basis: 'consent' },
  },
}

export const asCsv = (classes: readonly DataClass[], effect: (question: Question) => Effect): string => {
  const names = Object.keys(situations)
  const lines = classes.flatMap((dataClass) =>
    [...kinds, 'admin' as const].map((kind: Kind) =>
      [dataClass, kind, ...Object.values(situations).map((s) => effect({ ...s, dataClass, kind }))].join(','),
    ),
  )
  return `${['data class', 'who', ...names].join(',')}\n${lines.join('\n')}\n`
}
