import t from 'tap'
import { UnreadableSecret } from '#domain/kernel/keyring.ts'
import { directory } from '#projections/directory.ts'
import { families } from '#projections/families.ts'
import { familyTimeline } from '#projections/family-timeline/family-timeline.ts'
import { openEntry, openFamily, openName } from '#src/access/open.ts'
import { openTestDoor } from '#test/kit/door.ts'
import { recordVisit, registerFamily } from '#test/kit/door-story.ts'

const door = await openTestDoor(t)
const { keyring, views } = door.system
const [one, other] = [
  await registerFamily(door, { card: 'K-1', learnedFrom: '友人' }),
  await registerFamily(door, { card: 'K-2', learnedFrom: '広報' }),
]
await recordVisit(door, one, { toldBy: '祖母' })
await door.settled()

const entries = views.reader(familyTimeline).list({ where: { family: one.id } })
const registered = entries.find(({ type }) => type === 'FamilyRegistered')
const visited = entries.find(({ type }) => type === 'VisitRecorded')
const [row, otherRow] = [views.reader(families).get(one.id), views.reader(families).get(other.id)]
if (!registered || !visited || !row || !otherRow) throw new Error('the views are behind')

t.test('rows of views hold nothing to read, and open where they belong', async (t) => {
  t.notMatch(JSON.stringify([entries, row]), /田中|友人|祖母|2021-10-02|K-1/)
  t.match(openEntry(keyring)(registered).data, { learnedFrom: '友人' })
  t.equal(openEntry(keyring)(visited).toldBy, '祖母')
  t.match(openFamily(keyring)(row), {
    card: 'K-1',
    members: [{ name: '田中 花' }, { birthDate: '2021-10-02' }],
  })
})

t.test('a value that was moved in a view is an error, never somebody else’s text', async (t) => {
  const { data } = registered as unknown as { data: { learnedFrom: string } }
  const refused = (open: () => unknown, where: string) => t.throws(open, UnreadableSecret, where)
  refused(() => openEntry(keyring)({ ...visited, data: { note: data.learnedFrom } }), 'to another entry')
  refused(() => openEntry(keyring)({ ...registered, data: { card: data.learnedFrom } }), 'to another field')
  refused(() => openEntry(keyring)({ ...registered, toldBy: visited.toldBy ?? '' }), 'who said it')
  refused(() => openFamily(keyring)({ ...row, card: otherRow.card }), 'another family’s card')
  refused(() => openFamily(keyring)({ ...row, members: otherRow.members }), 'another family’s people')
  const [mother, child] = row.members
  if (!mother || !child) throw new Error('no members')
  const swapped = [{ ...mother, name: child.name }, child]
  refused(() => openFamily(keyring)({ ...row, members: swapped }), 'another member’s name')
  const staff = views
    .reader(directory)
    .list({ where: { kind: 'staff' } })
    .filter(({ name }) => name !== '')
  const [first, second] = staff
  if (first && second) refused(() => openName(keyring, { id: first.id, name: second.name }), 'another’s name')
})
