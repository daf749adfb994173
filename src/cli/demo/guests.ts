import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDevIssuer } from '#infra/auth/dev-issuer.ts'
import type { Config } from '#src/config.ts'
import { devIssuerFile } from '#src/data/files.ts'
import type { System } from '#src/system.ts'
import type { Colleague, Story } from './story.ts'
import { cityBureau, welcome } from './tell.ts'

const CITY = 'ORG-CITY'
const HOURS = 12

type Guest = Omit<Colleague, 'since'>

const auditor: Guest = { staffId: 'auditor', name: '監査担当', role: 'auditor', organization: CITY }
const integration: Guest = {
  staffId: 'integration',
  name: '連携システム',
  role: 'integration',
  organization: CITY,
}

export type Invited = Guest & {
  readonly token: string
  /** A file with the `Authorization` header, for `curl -H @file`. */
  readonly headerFile: string
}

/** Four who may come in, each with a token for half a day: two of the story’s, an auditor and a subscriber of the city's. */
export const invite = async (
  { DATA_DIR }: Config,
  system: System,
  { colleagues }: Story,
): Promise<readonly Invited[]> => {
  await cityBureau(system, system, CITY)
  for (const guest of [auditor, integration]) await welcome(system, system, guest)
  const atWork = ['hubPartner', 'wardMchCoordinator'].flatMap(
    (role) => colleagues.findLast((one) => one.role === role) ?? [],
  )
  const issuer = openDevIssuer(devIssuerFile(DATA_DIR))
  return Promise.all(
    [...atWork, auditor, integration].map(async (guest) => {
      const token = await issuer.sign(guest.staffId, HOURS * 3_600)
      const headerFile = join(DATA_DIR, `${guest.role}.header`)
      writeFileSync(headerFile, `Authorization: Bearer ${token}\n`, { mode: 0o600 })
      return { ...guest, token, headerFile }
    }),
  )
}
