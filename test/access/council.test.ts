import t from 'tap'
import { streamName } from '#domain/kernel/event.ts'
import { newId, openTestDoor, staff, type Who } from '#test/kit/door.ts'
import { fresh, recordVisit, registerFamily, sendReferral } from '#test/kit/door-story.ts'

const door = await openTestDoor(t)
const family = await registerFamily(door)
await recordVisit(door, family)
await sendReferral(door, family, { summary: '手紙' })
const before = new Map<Who, string>()

const outputs = async (who: Who): Promise<string> => {
  const headers = await fresh(door)
  const asSeen = `/v1/audit/families/${family.id}/as-seen?staff=saito&asOf=${headers['min-position']}`
  const paths = [
    `/v1/families/${family.id}`,
    `/v1/families/${family.id}/timeline?limit=500&history=true`,
    `/v1/audit/events?family=${family.id}&limit=1000`,
    '/v1/feeds/referrals?limit=500',
    ...(who === 'auditor' ? [asSeen] : []),
  ]
  const answers = await Promise.all(paths.map((path) => door.get(who, path, headers)))
  return answers
    .map(({ body }) => body.replaceAll(/"(position|asOf|after|instance)":"[^"]+"/g, ''))
    .join('\n')
}

const unknowing = [
  'nakamura',
  'partner',
  'coordinator',
  'mchCoordinator',
  'districtNurse',
  'wardManager',
  'auditor',
  'integration',
] as const satisfies readonly Who[]

t.test(
  'class council leaves no trace: no entry, no gap, no count, no position, nothing else anywhere (R-PRI-10)',
  async (t) => {
    for (const who of unknowing) before.set(who, await outputs(who))
    const id = newId()
    const [visit] = await door.system.store.read(
      streamName('visit', await recordVisit(door, await registerFamily(door))),
    )
    if (!visit) throw new Error('no visit')
    const { stream: _, version: __, position: ___, ...event } = visit
    await door.system.store.append(streamName('visit', id), 'none', [
      {
        ...event,
        id: newId(),
        data: { ...event.data, familyId: family.id },
        metadata: {
          ...event.metadata,
          familyId: family.id,
          dataClass: 'council',
          commandId: newId(),
          actor: staff.director,
        },
      },
    ])
    for (const who of unknowing) {
      const now = await outputs(who)
      t.notMatch(now, id, who)
      // Looks at the family in between are written down for auditors; nothing else has changed for anybody.
      if (who !== 'auditor') t.equal(now, before.get(who), `${who} sees what they saw before`)
    }
    t.match(await outputs('director'), id, 'whose it is: the director of the hub (4.6)')
  },
)
