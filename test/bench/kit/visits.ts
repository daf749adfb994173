import { japanDate } from '#domain/kernel/time.ts'
import { visit } from '#domain/visit/visit.ts'
import { uuidV7 } from '#src/write/command-id.ts'
import type { Command } from '#src/write/execute.ts'
import { mainSite, nakamura, satellite } from '#test/kit/controls.ts'

const parties = [
  { visitors: ['mother'], children: [{ ageBand: 'm0to5' }] },
  { visitors: ['mother', 'grandmother'], children: [{ ageBand: 'y1' }, { ageBand: 'y3' }] },
  { visitors: ['father'], children: [{ ageBand: 'm6to11' }] },
  {
    visitors: [
      { kind: 'mother', number: 1 },
      { kind: 'father', number: 1 },
    ],
    children: [{ ageBand: 'y2', number: 2 }],
  },
  { visitors: ['pregnantWoman', 'expectantPartner'], children: 0 },
] as const

const purposes = [
  ['playWithChild'],
  ['playWithChild', 'makeFriends'],
  ['getInformation', 'talkWithStaff'],
  ['lunchWithChild', 'feedingOrDiaper', 'playWithChild'],
  ['attendProgram'],
] as const

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

/** As a hub's tablet sends it. */
export const visitBody = (number: number, familyId?: string) => {
  const arrived = 9 * 60 + 30 + (number % 240)
  return {
    site: number % 3 === 0 ? satellite : mainSite,
    ...(familyId !== undefined && { familyId }),
    ...parties[number % parties.length],
    purposes: purposes[number % purposes.length],
    arrivedAt: clock(arrived),
    leftAt: clock(arrived + 40 + (number % 90)),
  }
}

const { schema } = visit.commands.RecordVisit

/** A command as the door hands it on: checked, with a key of its own. */
export const recordVisit = (number: number, familyId?: string): Command => {
  const at = new Date().toISOString()
  return {
    lifecycle: visit,
    name: 'RecordVisit',
    id: uuidV7(),
    data: schema.parse(visitBody(number, familyId)),
    actor: nakamura,
    occurrence: { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' },
    commandId: uuidV7(),
  }
}
