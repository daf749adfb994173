import { wards } from '#domain/codes/wards.ts'

/**
 * The directory every installation starts with: 18 ward offices, 18 hubs, their main sites and nine satellites.
 * Which wards have a satellite is general knowledge (the dossier names only Kohoku's in its stories and Midori's, the
 * ninth, opened on 2024-06-28); confirm with the city. Hubs date from 2006, and all wards had one by FY2011 (dossier 0.3).
 */
type Seeded = {
  readonly command: string
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
}

const satellites: Readonly<Record<string, string>> = {
  '141011': '2006-04-01',
  '141020': '2006-04-01',
  '141089': '2006-04-01',
  '141097': '2006-04-01',
  '141101': '2006-04-01',
  '141119': '2006-04-01',
  '141135': '2024-06-28',
  '141178': '2006-04-01',
  '141186': '2006-04-01',
}

export const wardOffice = (ward: string): string => `ORG-${ward}-W`
export const hubOf = (ward: string): string => `ORG-${ward}-H`
export const siteOf = (ward: string, number: number): string => `SITE-${ward}-${number}`

const since = '2006-04-01'

export const seed: readonly Seeded[] = Object.entries(wards).flatMap(([ward, { ja }]) => {
  const satelliteSince = satellites[ward]
  const hub = hubOf(ward)
  return [
    {
      command: 'RegisterOrganization',
      id: wardOffice(ward),
      data: { kind: 'ward', name: `${ja}福祉保健センター こども家庭支援課`, ward, from: since },
    },
    {
      command: 'RegisterOrganization',
      id: hub,
      data: { kind: 'hub', name: `${ja}地域子育て支援拠点`, ward, from: since },
    },
    {
      command: 'OpenSite',
      id: siteOf(ward, 1),
      data: { organization: hub, kind: 'main', name: `${ja}本拠点`, ward, from: since },
    },
    ...(satelliteSince
      ? [
          {
            command: 'OpenSite',
            id: siteOf(ward, 2),
            data: {
              organization: hub,
              kind: 'satellite',
              name: `${ja}サテライト`,
              ward,
              from: satelliteSince,
            },
          },
        ]
      : []),
  ]
})
