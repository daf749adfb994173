import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { hubRoles, otherRoles, type Role, wardRoles } from '#domain/kernel/metadata.ts'
import { openDevIssuer } from '#infra/auth/dev-issuer.ts'
import type { Config } from '#src/config.ts'
import { devIssuerFile } from '#src/data/files.ts'
import { seedDirectory } from '#src/seed.ts'
import { enrolled, type Wanted } from './enrol.ts'
import { dataConfig } from './open.ts'
import { openToWrite } from './open-to-write.ts'
import { print } from './terminal/output.ts'
import { Unable } from './unable.ts'

type Options = {
  readonly role: Role
  readonly organization?: string
  readonly site?: string
  readonly staff?: string
  readonly name?: string
  readonly ttl: number
}

const roles = [...hubRoles, ...wardRoles, ...otherRoles]

export const token = new Command('token')
  .description('Print a bearer token for a staff member, registering an unknown one (development only)')
  .addOption(new Option('--role <role>', 'what they do').choices(roles).makeOptionMandatory())
  .option(
    '--organization <code>',
    'where they work, such as ORG-141097-H (the hub) or ORG-141097-W (the ward office)',
  )
  .option('--site <code>', 'the hub’s site, such as SITE-141097-1')
  .option('--staff <id>', 'staff id; a fresh UUID unless said')
  .option('--name <name>', 'name shown to colleagues')
  .addOption(
    new Option('--ttl <time>', 'how long it is valid: 30m, 12h, 7d')
      .argParser(seconds)
      .default(12 * 3_600, '12h'),
  )
  .action(async ({ ttl, ...wanted }: Options) => {
    const config = developmentConfig()
    const staffId = await register(config, { ...wanted, staff: wanted.staff ?? randomUUID() })
    await print(await openDevIssuer(devIssuerFile(config.DATA_DIR)).sign(staffId, ttl))
  })

/** Dev mode goes without saying here, unless something else was said. */
const developmentConfig = (): Config => {
  const config = dataConfig()
  if (config.NODE_ENV === 'production')
    throw new Unable('tokens of the program’s own are refused when NODE_ENV=production')
  if (process.env.AUTH_MODE === 'oidc')
    throw new Unable('AUTH_MODE=oidc: tokens come from AUTH_ISSUER, not from here')
  return config
}

const register = async (config: Config, wanted: Wanted): Promise<string> => {
  mkdirSync(config.DATA_DIR, { recursive: true, mode: 0o700 })
  const log = await openToWrite(config)
  try {
    await seedDirectory(log.execute)
    return await enrolled(log, wanted)
  } finally {
    await log.close()
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
const LONGEST_S = 366 * 86_400

function seconds(text: string): number {
  const [, number, unit = 's'] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? []
  const total = Number(number) * (UNITS[unit || 's'] ?? Number.NaN)
  if (!(total > 0 && total <= LONGEST_S))
    throw new InvalidArgumentError('Expected a time such as 30m, 12h or 7d, at most a year.')
  return total
}
