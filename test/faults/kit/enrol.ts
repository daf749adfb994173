import type { Actor } from '#domain/kernel/metadata.ts'
import { openDevIssuer } from '#infra/auth/dev-issuer.ts'
import { enrolled } from '#src/cli/enrol.ts'
import { openToWrite } from '#src/cli/open-to-write.ts'
import type { Config } from '#src/config.ts'
import { devIssuerFile } from '#src/data/files.ts'
import { seedDirectory } from '#src/seed.ts'

/** Enters them into the log, as `tsunagi token` does it. */
export const enrolAll = async (config: Config, staff: Readonly<Record<string, Actor>>): Promise<void> => {
  const log = await openToWrite(config)
  await seedDirectory(log.execute)
  for (const { staffId, role, organizationId, siteId } of Object.values(staff))
    await enrolled(log, {
      staff: staffId,
      role,
      organization: organizationId,
      ...(siteId !== undefined && { site: siteId }),
    })
  await log.close()
}

/** An hour's token for each, by the issuer of that directory. */
export const tokensFor = async <Who extends string>(
  dataDir: string,
  staff: Readonly<Record<Who, Actor>>,
): Promise<Readonly<Record<Who, string>>> => {
  const issuer = openDevIssuer(devIssuerFile(dataDir))
  const signed = Object.entries<Actor>(staff).map(async ([who, { staffId }]) => [
    who,
    await issuer.sign(staffId, 3_600),
  ])
  return Object.fromEntries(await Promise.all(signed))
}
