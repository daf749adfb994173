import t from 'tap'
import { hasCheckDigit, MunicipalityCode, WardCode } from '#domain/codes/ward-code.ts'
import { wards } from '#domain/codes/wards.ts'
import { organization } from '#domain/organization/organization.ts'
import { seed } from '#domain/organization/seed.ts'
import { site } from '#domain/organization/site.ts'
import { staff } from '#domain/staff/staff.ts'
import {
  admin,
  director,
  family,
  hub,
  mainSite,
  nakamura,
  otherFamily,
  otherHub,
  otherSite,
  partner,
  system,
  ward,
  wardManager,
} from '#test/kit/controls.ts'
import { fact } from '#test/kit/facts.ts'
import { rulesOf } from '#test/kit/spec.ts'

const ofOrganizations = rulesOf(organization)
const ofSites = rulesOf(site)
const ofStaff = rulesOf(staff)

const office = { kind: 'ward', name: '港北区福祉保健センター', ward: '141097', from: '2006-04-01' }
const clinic = { kind: 'medical', name: '架空こころのクリニック', from: '2020-04-01' }

await ofOrganizations('wards and hubs join the directory by its keepers', (given) => {
  for (const by of [admin, system])
    given()
      .when('RegisterOrganization', office, { by })
      .emits({ type: 'OrganizationRegistered', data: office })
  given().when('RegisterOrganization', office, { by: partner }).forbidden()
  given(fact('OrganizationRegistered'))
    .when('RegisterOrganization', office, { by: admin })
    .rejects('organization/illegal-transition')
})

await ofOrganizations('a partner is a destination from its first to its last day', (given) => {
  for (const by of [partner, director, wardManager, admin])
    given()
      .when('RegisterPartner', { ...clinic, until: '2020-04-01' }, { by })
      .emits({ type: 'PartnerRegistered', data: { ...clinic, until: '2020-04-01' } })
  given()
    .when('RegisterPartner', { ...clinic, until: '2020-03-31' })
    .invalid('/until')
  given().when('RegisterPartner', clinic, { by: nakamura }).forbidden()
})

await ofOrganizations('partners are updated, hubs and wards are not', (given) => {
  given(fact('PartnerRegistered'))
    .when('UpdatePartner', clinic)
    .emits({ type: 'PartnerUpdated', data: clinic })
  given(fact('PartnerRegistered'), fact('PartnerUpdated'))
    .when('UpdatePartner', clinic)
    .emits({ type: 'PartnerUpdated', data: clinic })
  given(fact('OrganizationRegistered')).when('UpdatePartner', clinic).rejects('organization/not-a-partner')
  given().when('UpdatePartner', clinic).rejects('organization/not-found')
})

const satellite = {
  organization: hub,
  kind: 'satellite',
  name: '港北区サテライト',
  ward: '141097',
  from: '2006-04-01',
}

await ofSites('a site opens once and closes for good, not before it opened', (given) => {
  given().when('OpenSite', satellite, { by: admin }).emits({ type: 'SiteOpened', data: satellite })
  given(fact('SiteOpened')).when('OpenSite', satellite, { by: admin }).rejects('site/illegal-transition')
  given(fact('SiteOpened'))
    .when('CloseSite', { until: '2006-04-01' }, { by: admin })
    .emits({ type: 'SiteClosed', data: { until: '2006-04-01' } })
  given(fact('SiteOpened'))
    .when('CloseSite', { until: '2006-03-31' }, { by: admin })
    .rejects('site/closes-before-opening', '/until')
  given(fact('SiteOpened'), fact('SiteClosed'))
    .when('CloseSite', { until: '2030-01-01' }, { by: admin })
    .rejects('site/illegal-transition')
  given(fact('SiteOpened')).when('CloseSite', { until: '2030-01-01' }, { by: director }).forbidden()
})

const saito = { role: 'hubPartner', organization: hub, site: mainSite, displayName: '斎藤' }

await ofStaff('somebody begins in one role at one organisation', (given) => {
  const at = (kind: string) =>
    given()
      .and('organization', hub, fact('OrganizationRegistered', { kind }))
      .and('site', mainSite, fact('SiteOpened'))
  at('hub').when('RegisterStaff', saito, { by: admin }).emits({ type: 'StaffRegistered', data: saito })
  at('ward').when('RegisterStaff', saito, { by: admin }).rejects('staff/role-elsewhere', '/role')
  at('hub')
    .when('RegisterStaff', { ...saito, role: 'wardManager' }, { by: admin })
    .rejects('staff/role-elsewhere', '/role')
  at('hub')
    .when('RegisterStaff', { ...saito, organization: ward }, { by: admin })
    .rejects('staff/unknown-organization', '/organization')
  at('hub')
    .when('RegisterStaff', { ...saito, site: otherSite }, { by: admin })
    .rejects('staff/site-elsewhere', '/site')
  at('hub')
    .and('site', otherSite, fact('SiteOpened', { organization: otherHub }))
    .when('RegisterStaff', { ...saito, site: otherSite }, { by: admin })
    .rejects('staff/site-elsewhere', '/site')
  at('hub')
    .when('RegisterStaff', { ...saito, role: 'system' }, { by: admin })
    .invalid('/role')
  at('hub').when('RegisterStaff', saito, { by: director }).forbidden()
})

await ofStaff('families are closed to whoever has declared a conflict, once', (given) => {
  const began = fact('StaffRegistered')
  const declared = fact('StaffConflictDeclared')
  const own = { families: [family], conflict: 'own' }
  given(began)
    .when('DeclareStaffConflict', own, { by: admin })
    .emits({ type: 'StaffConflictDeclared', data: own })
  given(began, declared)
    .when(
      'DeclareStaffConflict',
      { families: [family, otherFamily, otherFamily], conflict: 'own' },
      { by: admin },
    )
    .emits({ type: 'StaffConflictDeclared', data: { families: [otherFamily], conflict: 'own' } })
  given(began, declared).when('DeclareStaffConflict', own, { by: admin }).emits()
  given(began)
    .when('DeclareStaffConflict', { ...own, families: [] }, { by: admin })
    .invalid('/families')
  given().when('DeclareStaffConflict', own, { by: admin }).rejects('staff/not-found')
  given(began).when('DeclareStaffConflict', own, { by: director }).forbidden()
})

await ofStaff('a conflict ends for the families named, once', (given) => {
  const began = fact('StaffRegistered')
  const both = fact('StaffConflictDeclared', { families: [family, otherFamily] })
  const ended = fact('StaffConflictEnded', { families: [family] })
  given(began, both)
    .when('EndStaffConflict', { families: [family] }, { by: admin })
    .emits({ type: 'StaffConflictEnded', data: { families: [family] } })
  given(began, both, ended)
    .when('EndStaffConflict', { families: [family] }, { by: admin })
    .emits()
  given(began, both, ended)
    .when('DeclareStaffConflict', { families: [family], conflict: 'other' }, { by: admin })
    .emits({ type: 'StaffConflictDeclared', data: { families: [family], conflict: 'other' } })
})

t.test('the 18 wards have the codes of the dossier, each with its check digit', async (t) => {
  const codes = Object.keys(wards)
  t.equal(codes.length, 18)
  t.strictSame(
    codes.map((code) => code.slice(0, 5)),
    Array.from({ length: 18 }, (_, i) => String(14101 + i)),
  )
  for (const code of codes) {
    t.ok(hasCheckDigit(code), code)
    for (let digit = 0; digit < 10; digit++)
      if (digit !== Number(code[5])) t.notOk(hasCheckDigit(`${code.slice(0, 5)}${digit}`))
  }
  t.ok(hasCheckDigit('141003'), 'Yokohama itself')
  t.ok(MunicipalityCode.safeParse('131016').success, 'elsewhere in Japan')
  t.notOk(WardCode.safeParse('131016').success, 'not a ward of Yokohama')
  for (const wrong of ['14109', '1410970', '14109a', '', 141097])
    t.notOk(MunicipalityCode.safeParse(wrong).success)
})

t.test('every ward starts with its office, its hub and a main site; nine have a satellite', async (t) => {
  const count = (command: string, kind: string) =>
    seed.filter((row) => row.command === command && row.data.kind === kind).length
  t.strictSame(
    [
      count('RegisterOrganization', 'ward'),
      count('RegisterOrganization', 'hub'),
      count('OpenSite', 'main'),
      count('OpenSite', 'satellite'),
    ],
    [18, 18, 18, 9],
  )
  t.equal(new Set(seed.map(({ id }) => id)).size, seed.length)
  t.match(seed.find(({ id }) => id === 'SITE-141135-2')?.data, { from: '2024-06-28' })
})
