import { type EventSpec, schemaVersionOf } from '#domain/kernel/event.ts'
import type { CommandSpec, Lifecycle } from '#domain/kernel/lifecycle.ts'
import { hubRoles, type Role, wardRoles } from '#domain/kernel/metadata.ts'
import { elementOf, marksOf, shapeOf } from '#domain/kernel/schema.ts'
import { doorsOf } from '#src/write/commands.ts'

/** Every fact and every command, lifecycle by lifecycle, as Markdown. */
export const eventsPage = (lifecycles: readonly Lifecycle[]): string =>
  [
    '# Facts and commands',
    '',
    'Made from the code by `npm run docs`. ■ personal, masked for auditors; → a link to another entry; v the schema version.',
    '',
    ...lifecycles.flatMap(section),
  ].join('\n')

const section = (lifecycle: Lifecycle): readonly string[] => [
  `## ${lifecycle.titleJa} \`${lifecycle.name}\``,
  '',
  '| fact | | v | class | function | state after | fields |',
  '|---|---|---|---|---|---|---|',
  ...Object.entries(lifecycle.events).map(factRow),
  '',
  '| command | `POST /v1/…` | from | by | appends |',
  '|---|---|---|---|---|',
  ...Object.entries(lifecycle.commands).map(([name, spec]) => commandRow(lifecycle, name, spec)),
  '',
  ...refusals(lifecycle),
]

const factRow = ([type, spec]: [string, EventSpec]): string =>
  row([
    `\`${type}\``,
    `${spec.title.ja}${spec.bookkeeping ? ' (bookkeeping)' : ''}`,
    String(schemaVersionOf(spec)),
    spec.dataClass,
    spec.function,
    spec.state ?? '–',
    fieldsOf(spec),
  ])

const fieldsOf = ({ schema }: EventSpec): string =>
  Object.entries(shapeOf(schema) ?? {})
    .map(([name, field]) => {
      const element = elementOf(field)
      const marks = { ...(element && marksOf(element)), ...marksOf(field) }
      return `${name}${element ? '[]' : ''}${marks.sensitive ? '■' : ''}${marks.refersTo ? `→${marks.refersTo}` : ''}`
    })
    .join(', ')

const commandRow = (
  lifecycle: Lifecycle,
  name: string,
  { from, by, emits, summary }: CommandSpec,
): string => {
  const door = doorsOf([lifecycle]).find((one) => one.name === name)
  return row([
    `\`${name}\` ${summary}`,
    door ? `\`${lifecycle.collection}/{id}/${door.path}\`` : 'system only',
    from.join(', '),
    who(by),
    emits.map((type) => `\`${type}\``).join(', '),
  ])
}

const refusals = ({ refusals: codes }: Lifecycle): readonly string[] => {
  const entries = Object.entries(codes)
  if (entries.length === 0) return []
  const words = entries.map(([code, text]) => {
    const [said, status] = typeof text === 'string' ? [text, 409] : text
    return row([`\`${code}\``, String(status), said])
  })
  return ['| refusal | status | |', '|---|---|---|', ...words, '']
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** `hub` and `ward` where all their roles are meant. */
const who = (by: readonly Role[]): string => {
  const groups = [
    ['hub', hubRoles],
    ['ward', wardRoles],
  ] as const
  const whole = groups.filter(([, roles]) => roles.every((role) => by.includes(role)))
  const covered = new Set<Role>(whole.flatMap(([, roles]) => [...roles]))
  return [...whole.map(([name]) => name), ...by.filter((role) => !covered.has(role))].join(', ')
}
