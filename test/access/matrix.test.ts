import { readFileSync } from 'node:fs'
import t from 'tap'
import { decide } from '#domain/access/decide.ts'
import type { Kind } from '#domain/access/grid.ts'
import type { DataClass } from '#domain/kernel/classes.ts'
import {
  askerOf,
  cedarEffect,
  everyClass,
  everyKind,
  everyQuestion,
  type Question,
  resourceOf,
} from './kit.ts'
import { asCsv } from './table.ts'

// Two hundred thousand questions to two implementations: half a minute on a quiet machine.
t.setTimeout(600_000)

const ours = (question: Question) =>
  decide(askerOf(question), question.action, resourceOf(question), question.circumstances)

t.test('the whole matrix, and a second implementation of it: not one difference', async (t) => {
  const differences: string[] = []
  let rows = 0
  for (const question of everyQuestion()) {
    rows += 1
    const { effect, ruleId } = ours(question)
    const other = cedarEffect(question)
    if (effect !== other) differences.push(`${JSON.stringify(question)}: ${effect} (${ruleId}) / ${other}`)
  }
  t.comment(`${rows} rows`)
  t.equal(differences.length, 0)
  t.strictSame(differences.slice(0, 20), [])
})

t.test('the table for lawyers says what is done, cell by cell', async (t) => {
  const lines = readFileSync(new URL('../../docs/access-rules.csv', import.meta.url), 'utf8').split('\n')
  const now = asCsv(everyClass, (question) => ours(question).effect).split('\n')
  t.equal(lines.length, everyClass.length * everyKind.length + 2)
  for (const [i, line] of lines.entries()) t.equal(now[i], line)
})

/** Dossier 4.6, copied cell by cell: what a hub or ward person may do with the own organisation's records. */
t.test('cells of the dossier, by hand', async (t) => {
  const cell = (kind: Kind, dataClass: DataClass, given: Partial<Question> = {}) =>
    ours({ kind, dataClass, action: 'read', holder: 'own', mine: false, circumstances: {}, ...given }).effect
  t.equal(cell('hubStaff', 'consultationRecord'), 'deny', 'o: somebody else’s words')
  t.equal(cell('hubStaff', 'consultationRecord', { mine: true }), 'allow', 'o: their own')
  t.equal(cell('kosapoCoordinator', 'visit'), 'existence', 'x')
  t.equal(cell('hubPartner', 'kosapoMember'), 'existence', 'x')
  t.equal(cell('wardMchCoordinator', 'visit', { holder: 'other' }), 'deny', 'c without consent')
  const consent = { basis: 'consent' } as const
  t.equal(
    cell('wardMchCoordinator', 'visit', { holder: 'other', circumstances: consent }),
    'summary',
    'c summary',
  )
  t.equal(
    cell('wardMchCoordinator', 'referralContent', { holder: 'other', circumstances: consent }),
    'deny',
    'c,a: not addressed',
  )
  t.equal(
    cell('wardMchCoordinator', 'referralContent', { holder: 'addressed', circumstances: consent }),
    'allow',
    'c,a',
  )
  t.equal(cell('wardMchCoordinator', 'notice', { holder: 'addressed', circumstances: consent }), 'deny', '–')
  t.equal(cell('wardManager', 'registration'), 'deny', '–')
  t.equal(cell('cityBureau', 'visit', { holder: 'other' }), 'statistics', 's')
  t.equal(cell('auditor', 'notice', { holder: 'other' }), 'existence', 'x')
  t.equal(cell('auditor', 'council', { holder: 'other' }), 'deny', 'special approval')
  t.equal(cell('integration', 'referralEnvelope', { holder: 'other' }), 'pseudonymous')
  t.equal(cell('hubStaff', 'council'), 'deny', 'report only')
  t.equal(cell('hubStaff', 'council', { action: 'write' }), 'allow', 'report only')
  t.equal(
    cell('hubDirector', 'council', { holder: 'other', circumstances: { breakGlass: true } }),
    'deny',
    'no glass',
  )
  t.equal(cell('caregiver', 'consultationRecord', { holder: 'other' }), 'deny', 'via 4.7')
})

t.test('every reading of a class marked † is to be written down', async (t) => {
  const dagger = ['contact', 'notice', 'consultationSummary', 'consultationRecord', 'health']
  dagger.push('referralContent', 'plan', 'transferSummary', 'mch', 'council')
  for (const question of everyQuestion()) {
    const { effect, logged, ruleId } = ours(question)
    const isContent =
      ['allow', 'summary', 'safetyNotes', 'masked'].includes(effect) && question.action === 'read'
    const isSelf = question.kind === 'caregiver' || question.kind === 'providerMember'
    const wanted =
      isContent && !isSelf && (dagger.includes(question.dataClass) || /^R-ACC-[45]$/.test(ruleId))
    if (logged !== wanted) throw new Error(JSON.stringify(question))
  }
  t.pass('for each question')
})
