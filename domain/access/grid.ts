import type { DataClass } from '#domain/kernel/classes.ts'
import type { Role } from '#domain/kernel/metadata.ts'

/** The columns of dossier 4.6: who asks. `admin` runs the technics and sees no family; `system` asks nobody. */
export const kinds = [
  'hubStaff',
  'hubPartner',
  'kosapoCoordinator',
  'hubDirector',
  'wardMchCoordinator',
  'wardDistrictNurse',
  'wardChildFamily',
  'wardManager',
  'cityBureau',
  'auditor',
  'integration',
  'providerMember',
  'caregiver',
] as const

export type Kind = (typeof kinds)[number] | Extract<Role, 'admin'>

/** What of a record is released. */
export type Effect =
  | 'allow'
  /** A line that says what it was about; no record. */
  | 'summary'
  /** What has to be known to keep a child safe: allergies, cautions. */
  | 'safetyNotes'
  /** What was done, when and by whom; no text. */
  | 'masked'
  /** Without names, under a pseudonym that differs for every reader. */
  | 'pseudonymous'
  /** Whether it is in force, no more. */
  | 'statusOnly'
  /** Counts without identity. */
  | 'statistics'
  /** That it exists, when, and whose it is. */
  | 'existence'
  | 'deny'

/**
 * On what a right hangs. A hub's and a ward's records are of different holders under different law (4.1): a right to read is
 * one to the own organisation's records, and reaches others' only with a recorded basis (4.2).
 */
export type Condition =
  /** Whoever holds it. */
  | 'always'
  /** Own organisation's; or another's with consent or other recorded basis. */
  | 'ownOrBasis'
  /** Own organisation's; or another's that was addressed here. */
  | 'ownOrAddressed'
  /** Own organisation's; or another's with a basis, and addressed here or with something to do for this family. */
  | 'ownOrBasisAndAddressed'
  /** Own organisation's only. */
  | 'own'
  /** Addressed here, or with something to do for this family, inside the own organisation, too; of others' with a basis. */
  | 'addresseeWithBasis'
  /** Who recorded it, no colleague. */
  | 'recordedBy'
  /** Named in it, or with something to do for this family. */
  | 'assigned'
  /** Two members, once both have agreed to the match. */
  | 'matched'
  /** About whoever asks. */
  | 'self'
  /** An auditor, for one case, with somebody's approval. */
  | 'approved'

export type Grant = { readonly effect: Exclude<Effect, 'deny'>; readonly when: Condition }
export type Cell = { readonly read?: Grant; readonly write?: Grant }

const read = (effect: Grant['effect'], when: Condition): Cell => ({ read: { effect, when } })
const write = (when: Condition): Cell => ({ write: { effect: 'allow', when } })

/** The dossier's notation, each sign once. */
const notation = {
  '–': {},
  R: read('allow', 'ownOrBasis'),
  RW: { ...read('allow', 'ownOrBasis'), ...write('own') },
  /** Envelopes reach those they are addressed to without any further basis. */
  'R envelope': read('allow', 'ownOrAddressed'),
  'RW envelope': { ...read('allow', 'ownOrAddressed'), ...write('own') },
  'RW a': { ...read('allow', 'ownOrAddressed'), ...write('ownOrAddressed') },
  'R team': read('allow', 'ownOrBasis'),
  'W, R team': { ...read('allow', 'own'), ...write('own') },
  'RW own': { ...read('allow', 'own'), ...write('own') },
  'R own': read('allow', 'own'),
  'RW, R o': { ...read('allow', 'recordedBy'), ...write('own') },
  o: read('allow', 'recordedBy'),
  'R o': read('allow', 'recordedBy'),
  'RW o': { ...read('allow', 'recordedBy'), ...write('own') },
  c: read('allow', 'ownOrBasis'),
  'c summary': read('summary', 'ownOrBasis'),
  'c,a': read('allow', 'ownOrBasisAndAddressed'),
  a: read('allow', 'addresseeWithBasis'),
  'R a': read('allow', 'addresseeWithBasis'),
  'RW named': { ...read('allow', 'assigned'), ...write('assigned') },
  'R named': read('allow', 'assigned'),
  'a council': read('allow', 'assigned'),
  'RW a council': { ...read('allow', 'assigned'), ...write('assigned') },
  'report only': write('own'),
  'safety notes': read('safetyNotes', 'ownOrBasis'),
  x: read('existence', 'ownOrBasis'),
  's own': read('statistics', 'own'),
  s: read('statistics', 'always'),
  masked: read('masked', 'always'),
  'x always': read('existence', 'always'),
  'R always': read('allow', 'always'),
  approval: read('allow', 'approved'),
  pseudonymous: read('pseudonymous', 'always'),
  'status only': read('statusOnly', 'always'),
  match: read('allow', 'matched'),
  'match safety': read('safetyNotes', 'matched'),
  self: read('allow', 'self'),
  /** Not on a screen: by a request for disclosure (4.7). */
  'via 4.7': {},
} as const satisfies Record<string, Cell>

export type Sign = keyof typeof notation

// biome-ignore format: a table is read by its columns
const table: Readonly<Record<Exclude<DataClass, 'directory'>, readonly [Sign, Sign, Sign, Sign, Sign, Sign, Sign, Sign, Sign, Sign, Sign, Sign, Sign]>> = {
  //                     Hub staff       Partner       Kosapo coord.   Director       MCH coord.      District nurse  Child-family    Ward manager  City bureau  Auditor       Integration      Provider member  Caregiver
  registration:        ['RW',           'RW',         'R',            'RW',          'c',            'c',            'c',            '–',          's',         'masked',     '–',             '–',             'self'],
  contact:             ['R',            'RW',         'RW',           'R',           'c',            'c',            'c',            '–',          '–',         'masked',     '–',             'match',         'self'],
  visit:               ['RW',           'R',          'x',            'R',           'c summary',    'c summary',    'c summary',    's own',      's',         'masked',     '–',             '–',             'self'],
  notice:              ['W, R team',    'RW own',     'RW, R o',      'R own',       '–',            '–',            '–',            '–',          '–',         'x always',   '–',             '–',             'via 4.7'],
  consultationSummary: ['R team',       'RW',         'a',            'R',           'c,a',          'c,a',          'c,a',          '–',          's',         'x always',   '–',             '–',             'self'],
  consultationRecord:  ['o',            'RW',         'o',            'R',           '–',            '–',            '–',            '–',          '–',         'x always',   '–',             '–',             'via 4.7'],
  health:              ['safety notes', 'RW',         'safety notes', 'R',           'RW o',         'RW o',         'R a',          '–',          's',         'x always',   '–',             'match safety',  'self'],
  kosapoMember:        ['x',            'x',          'RW',           'R',           '–',            '–',            '–',            '–',          's',         'masked',     '–',             'self',          'self'],
  kosapoMatch:         ['x',            'R named',    'RW',           'R',           '–',            'c',            'c',            '–',          's',         'masked',     '–',             'self',          'self'],
  referralEnvelope:    ['R envelope',   'RW envelope', 'o',           'R envelope',  'RW a',         'RW a',         'RW a',         'R envelope', 's',         'R always',   'pseudonymous',  '–',             'self'],
  referralContent:     ['–',            'RW',         '–',            'R',           'c,a',          'c,a',          'c,a',          '–',          '–',         'x always',   '–',             '–',             'self'],
  plan:                ['x',            'RW named',   'R a',          'R',           'RW named',     'RW named',     'RW named',     '–',          's',         'x always',   '–',             '–',             'self'],
  transferSummary:     ['–',            'RW',         '–',            'R',           'c,a',          'c,a',          'c,a',          '–',          's',         'x always',   '–',             '–',             'self'],
  mch:                 ['–',            '–',          '–',            '–',           'RW own',       'RW own',       'R a',          'R a',        's',         'x always',   '–',             '–',             'via 4.7'],
  council:             ['report only',  'a council',  'report only',  'R own',       'a council',    'RW a council', 'RW own',       'R own',      's',         'approval',   '–',             '–',             '–'],
  consentRecord:       ['R envelope',   'RW envelope', 'R envelope',  'R envelope',  'R envelope',   'R envelope',   'R envelope',   '–',          's',         'R always',   'status only',   '–',             'self'],
  audit:               ['–',            '–',          '–',            'R own',       '–',            '–',            '–',            'R own',      '–',         'R always',   '–',             '–',             'via 4.7'],
}

/** † of dossier 4.6: every reading of them is written down with its purpose. */
export const loggedClasses: ReadonlySet<DataClass> = new Set<DataClass>([
  'contact',
  'notice',
  'consultationSummary',
  'consultationRecord',
  'health',
  'referralContent',
  'plan',
  'transferSummary',
  'mch',
  'council',
])

export const dataClasses = Object.keys(table) as readonly (keyof typeof table)[]
export const signFor = (dataClass: keyof typeof table, column: number): Sign =>
  table[dataClass][column] ?? '–'

/** What the table gives to one kind; nothing to those it does not know. */
export const cellFor = (dataClass: DataClass, kind: Kind): Cell => {
  if (dataClass === 'directory') return kind === 'admin' ? notation['RW own'] : notation['R always']
  return cells.get(kind)?.[dataClass] ?? notation['–']
}

const cells: ReadonlyMap<Kind, Readonly<Partial<Record<DataClass, Cell>>>> = new Map(
  kinds.map((kind, column) => [
    kind,
    Object.fromEntries(dataClasses.map((dataClass) => [dataClass, notation[signFor(dataClass, column)]])),
  ]),
)
