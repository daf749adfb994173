import t from 'tap'
import { cellFor, kinds } from '#domain/access/grid.ts'
import type { DataClass } from '#domain/kernel/classes.ts'
import type { Role } from '#domain/kernel/metadata.ts'
import { lifecycles } from '#domain/lifecycles.ts'

type Beyond = { readonly roles: readonly Role[]; readonly source: string }

const wardsCaseworkers = ['wardMchCoordinator', 'wardDistrictNurse', 'wardChildFamily'] as const

/** Who records although 4.6 has no W for them, and where the dossier says so (ADR 13). */
const BEYOND: Readonly<Partial<Record<DataClass, Beyond>>> = {
  registration: {
    roles: ['kosapoCoordinator', ...wardsCaseworkers],
    source: '2.6 a request before any card; 3.6 moves; a ward knows a family before a hub does (story A)',
  },
  visit: { roles: ['hubPartner', 'kosapoCoordinator', 'hubDirector'], source: '2.1 hub staff' },
  notice: { roles: ['hubDirector'], source: '2.1 any hub staff' },
  consultationSummary: {
    roles: ['hubStaff', 'kosapoCoordinator', 'hubDirector', ...wardsCaseworkers],
    source: '3.1 hub staff / partner / ward',
  },
  consultationRecord: {
    roles: ['hubStaff', 'kosapoCoordinator', 'hubDirector', ...wardsCaseworkers],
    source: '2.2 any hub staff; 3.1 ward',
  },
  consentRecord: {
    roles: ['hubStaff', 'kosapoCoordinator', 'hubDirector', ...wardsCaseworkers],
    source: '3.8 staff, with the person',
  },
  referralEnvelope: {
    roles: ['hubStaff', 'kosapoCoordinator', 'hubDirector', 'wardManager'],
    source: '3.2 sender, receiver; manager: ReferralEscalated',
  },
  kosapoMatch: {
    roles: ['hubStaff', 'hubPartner', 'hubDirector'],
    source: '2.6 staff on the phone; the branch office is the hub',
  },
  kosapoMember: {
    roles: ['hubStaff', 'hubPartner', 'hubDirector'],
    source: '2.6 the branch office is the hub',
  },
  audit: {
    roles: [
      'hubStaff',
      'hubPartner',
      'kosapoCoordinator',
      'hubDirector',
      ...wardsCaseworkers,
      'wardManager',
      'auditor',
    ],
    source: 'R-ACC-4, R-ACC-5, 4.7, 4.8: each command names its own',
  },
  directory: {
    roles: ['hubPartner', 'hubDirector', 'wardManager', 'integration'],
    source: '2.4 partners; 2.12 subscriptions: each its own (API 3)',
  },
}

/** About the service and who looked, not about a family. */
const NO_FAMILYS: ReadonlySet<string> = new Set(['audit', 'directory'])

const commands = lifecycles.flatMap(({ events, commands: all }) =>
  Object.entries(all).map(([name, { by, emits }]) => ({
    name,
    by,
    classes: [...new Set(emits.flatMap((type) => events[type]?.dataClass ?? []))],
  })),
)
const mayWrite = (dataClass: DataClass, role: Role): boolean =>
  role !== 'system' && cellFor(dataClass, role).write !== undefined

t.test('who may send a command has W in the table, or stands here with the line that says so', async (t) => {
  for (const { name, by, classes } of commands)
    for (const dataClass of classes)
      for (const role of by)
        if (role !== 'system' && !mayWrite(dataClass, role))
          t.ok(BEYOND[dataClass]?.roles.includes(role), `${name}: ${dataClass} by ${role}`)
})

t.test('whoever has W can use it', async (t) => {
  const recorded = new Set(commands.flatMap(({ classes }) => classes))
  for (const dataClass of recorded)
    for (const role of kinds.filter(
      (kind): kind is typeof kind & Role => kind !== 'providerMember' && kind !== 'caregiver',
    ))
      if (mayWrite(dataClass, role))
        t.ok(
          commands.some(({ by, classes }) => classes.includes(dataClass) && by.includes(role)),
          `${dataClass} by ${role}`,
        )
})

t.test('nothing stands here that is not used', async (t) => {
  for (const [dataClass, { roles }] of Object.entries(BEYOND))
    for (const role of roles)
      t.ok(
        commands.some(({ by, classes }) => classes.some((one) => one === dataClass) && by.includes(role)),
        `${dataClass} by ${role}`,
      )
})

t.test('city, integrations and auditors record nothing of a family', async (t) => {
  for (const { name, by, classes } of commands)
    for (const role of ['cityBureau', 'integration', 'auditor'] as const)
      if (by.includes(role))
        t.notOk(
          classes.some((of) => !NO_FAMILYS.has(of)),
          name,
        )
})
