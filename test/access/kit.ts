import { readFileSync } from 'node:fs'
import {
  policySetTextToParts,
  preparsePolicySet,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs'
import type { Action, Asker, Circumstances, Resource } from '#domain/access/decide.ts'
import { dataClasses, type Effect, type Kind, kinds } from '#domain/access/grid.ts'
import type { DataClass } from '#domain/kernel/classes.ts'

export const HERE = 'ORG-HERE'
export const THERE = 'ORG-THERE'
export const everyKind: readonly Kind[] = [...kinds, 'admin']
export const everyClass: readonly DataClass[] = [...dataClasses, 'directory']

/** One asker before one record, under one set of circumstances. */
export type Question = {
  readonly kind: Kind
  readonly action: Action
  readonly dataClass: DataClass
  readonly holder: 'own' | 'addressed' | 'other'
  readonly mine: boolean
  readonly circumstances: Circumstances
}

export const askerOf = ({ kind }: Question): Asker => ({ kind, staffId: 'me', organizationId: HERE })
export const resourceOf = ({ dataClass, holder, mine }: Question): Resource => ({
  dataClass,
  holder: holder === 'own' ? HERE : THERE,
  recordedBy: mine ? 'me' : 'somebody',
  addressees: holder === 'addressed' ? [HERE] : [],
})

const flags = [false, true]
const bases = [undefined, 'consent', 'legal'] as const
/** What comes on top: each alone, and those that meet. */
const specials: readonly Circumstances[] = [
  {},
  { conflict: true },
  { dvProtected: true },
  { breakGlass: true },
  { approval: true },
  { matchAgreed: true },
  { concernsOther: true },
  { conflict: true, breakGlass: true },
  { dvProtected: true, breakGlass: true },
  { dvProtected: true, approval: true },
  { conflict: true, approval: true },
  { concernsOther: true, matchAgreed: true },
]

/** The whole matrix: role × action × class × holder × author × assignment × ground × what comes on top. */
export function* everyQuestion(): Generator<Question> {
  for (const kind of everyKind)
    for (const action of ['read', 'write'] as const)
      for (const dataClass of everyClass)
        for (const holder of ['own', 'addressed', 'other'] as const)
          for (const mine of flags)
            for (const assigned of flags)
              for (const basis of bases)
                for (const special of specials)
                  yield {
                    kind,
                    action,
                    dataClass,
                    holder,
                    mine,
                    circumstances: { ...special, assigned, ...(basis && { basis }) },
                  }
}

const text = readFileSync(new URL('./dossier-4-6.cedar', import.meta.url), 'utf8')
const parts = policySetTextToParts(text)
if (parts.type !== 'success') throw new Error(JSON.stringify(parts))
const annotation = (policy: string, name: string) => new RegExp(`@${name}\\("([^"]+)"\\)`).exec(policy)?.[1]
const policies = new Map(parts.policies.map((policy) => [annotation(policy, 'id') ?? '', policy]))
if (policies.size !== parts.policies.length || policies.has(''))
  throw new Error('an id is missing or used twice')
const parsed = preparsePolicySet('dossier', { staticPolicies: Object.fromEntries(policies) })
if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed))

const ORDER: readonly Effect[] = [
  'allow',
  'summary',
  'safetyNotes',
  'masked',
  'pseudonymous',
  'statusOnly',
  'statistics',
  'existence',
]

/** What the second implementation answers: the widest effect of the policies that permit it. */
export const cedarEffect = ({ kind, action, dataClass, holder, mine, circumstances }: Question): Effect => {
  const c = circumstances
  const answer = statefulIsAuthorized({
    principal: { type: 'Kind', id: kind },
    action: { type: 'Action', id: action },
    resource: { type: 'Class', id: dataClass },
    context: {
      own: holder === 'own',
      addressed: holder === 'addressed',
      mine,
      assigned: c.assigned === true,
      consent: c.basis === 'consent',
      legal: c.basis === 'legal',
      conflict: c.conflict === true,
      dv: c.dvProtected === true,
      glass: c.breakGlass === true,
      approval: c.approval === true,
      matched: c.matchAgreed === true,
      other: c.concernsOther === true,
    },
    entities: [],
    preparsedPolicySetId: 'dossier',
    validateRequest: false,
  })
  if (answer.type !== 'success') throw new Error(JSON.stringify(answer))
  const { decision, diagnostics } = answer.response
  if (diagnostics.errors.length > 0) throw new Error(JSON.stringify(diagnostics.errors))
  if (decision !== 'allow') return 'deny'
  const effects = diagnostics.reason.map((id) => annotation(policies.get(id) ?? '', 'effect'))
  return ORDER.find((effect) => effects.includes(effect)) ?? 'deny'
}
