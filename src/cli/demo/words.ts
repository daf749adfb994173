import { uuidV7 } from '#src/write/command-id.ts'
import type { Canvas } from '../family-page/draw.ts'
import { roleNames } from '../family-page/words.ts'
import { pad, wrap } from '../terminal/layout.ts'
import type { Paint } from '../terminal/paint.ts'
import type { Invited } from './guests.ts'
import type { Story } from './story.ts'

const EVENT = 28
const MARGIN = 20 + EVENT

export const drawTitle = ({ letter, title }: Story, { paint }: Canvas): string =>
  paint('dim', ` Story ${letter} · ${title}`)

/** What belongs to the story and is not above, with its row: nothing is made up for it. */
export const drawLater = ({ rows, letter }: Story, { width, paint }: Canvas): readonly string[] => {
  const missing = rows.filter((row) => row.kind === 'later')
  if (missing.length === 0) return []
  return [
    ` ${paint('bold', '物語にあって、まだ記録できないこと')}  ${paint('dim', `story ${letter}: rows whose lifecycle comes later`)}`,
    '',
    ...missing.flatMap(({ row, at, event, text, meanwhile }) => {
      const lines = [
        ...wrap(text, width - MARGIN - 2),
        ...(meanwhile ? wrap(`※ ${meanwhile}`, width - MARGIN - 2) : []),
      ]
      const [first = '', ...rest] = lines
      const start = `  ${pad(row, 4)} ${at.slice(0, 10)}  ${pad(event, EVENT)}`
      return [
        paint('dim', `${pad(start, MARGIN)} ${first}`),
        ...rest.map((line) => paint('dim', `${' '.repeat(MARGIN)} ${line}`)),
      ]
    }),
    '',
  ]
}

type Invitation = {
  readonly address: string
  readonly dataDir: string
  readonly invited: readonly Invited[]
  readonly paint: Paint
  readonly story: Story
}

/** Where to go on: the address, who may come in, and lines to paste. */
export const drawInvitation = ({
  address,
  dataDir,
  invited,
  paint,
  story,
}: Invitation): readonly string[] => [
  paint('dim', '━'.repeat(72)),
  ` ${paint('bold', 'サーバー')}  ${address}   ${paint('dim', `docs: ${address}/docs   data: ${dataDir}`)}`,
  '',
  ` ${paint('bold', 'トークン')} ${paint('dim', '(12時間)')}`,
  ...invited.flatMap(({ name, role, token }) => [
    `  ${name} ${roleNames[role]} ${paint('dim', role)}`,
    `  ${token}`,
  ]),
  '',
  ` ${paint('bold', 'ためす')}`,
  ...examples(address, invited, story).flatMap(({ what, line }) => [`  ${paint('dim', `# ${what}`)}`, line]),
  '',
  ` ${paint('dim', 'Ctrl-C で終了')}`,
]

const examples = (address: string, invited: readonly Invited[], { familyId }: Story) => {
  const guest = (role: string) => invited.find((one) => one.role === role)
  const name = (role: string) => guest(role)?.name ?? ''
  const as = (role: string) => `-H @${quoted(guest(role)?.headerFile ?? '')}`
  const body = JSON.stringify({ visitors: ['mother'], children: 1, purposes: ['talkWithStaff'] })
  return [
    {
      what: `${name('hubPartner')}が見る、つながりの記録の新しい3件`,
      line: `curl -s ${as('hubPartner')} '${address}/v1/families/${familyId}/timeline?limit=3'`,
    },
    {
      what: `区の${name('wardMchCoordinator')}に届いているつなぎ(完結したものも)`,
      line: `curl -s ${as('wardMchCoordinator')} '${address}/v1/worklists/referrals-in?open=false'`,
    },
    {
      what: `同じ家庭を区の${name('wardMchCoordinator')}が見ると(伝えてよいと言われたものだけ)`,
      line: `curl -s ${as('wardMchCoordinator')} '${address}/v1/families/${familyId}/timeline'`,
    },
    {
      what: `だれが、なぜ見たか(${name('auditor')}だけが全部を見る)`,
      line: `curl -s ${as('auditor')} '${address}/v1/families/${familyId}/access-log'`,
    },
    {
      what: `${name('integration')}に伝わる、つなぎの出来事(名前も相談の中身もない)`,
      line: `curl -s ${as('integration')} '${address}/v1/feeds/referrals?limit=2'`,
    },
    {
      what: '同じものを、つないだまま受け取る(Ctrl-C で離れる)',
      line: `curl -sN ${as('integration')} '${address}/v1/feeds/referrals/stream'`,
    },
    {
      what: 'きょうの来所をひとつ記録する',
      line: `curl -s ${as('hubPartner')} -H 'Content-Type: application/json' -d '${body}' '${address}/v1/visits/${uuidV7()}/record'`,
    },
  ]
}

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
