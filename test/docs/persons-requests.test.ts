import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(ROOT, 'docs/persons-requests.md'), 'utf8')
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** All blocks as one script, as a reader would paste them; only where the data and the port are is the test's. */
const pasted = async (t: Test, script: string) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tsunagi-page-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const port = await freePort()
  const here = script
    .replace('DATA_DIR=./data', `DATA_DIR=${dataDir}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`)
  const program = 'npx() { shift; node bin/tsunagi.mjs "$@"; }'
  // The server it leaves running is in its group, and ends with it.
  const bash = spawn('bash', ['-e', '-c', `${program}\n${here}`], {
    cwd: ROOT,
    detached: true,
    env: { PATH: process.env.PATH ?? '', PORT: String(port), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = () => bash.pid !== undefined && process.kill(-bash.pid, 'SIGKILL')
  t.teardown(() => bash.exitCode === null && end())
  const said = { out: '', err: '' }
  bash.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  bash.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  await once(bash, 'exit')
  end()
  await once(bash, 'close')
  return { code: bash.exitCode, ...said }
}

t.test('every line of docs/persons-requests.md works as it is written', async (t) => {
  t.ok(blocks.length >= 8, `${blocks.length} blocks`)
  const { code, out, err } = await pasted(t, blocks.join('\n'))
  t.equal(code, 0, err)
  const answers = out
    .split('\n')
    .filter((line) => line.startsWith('{"id"'))
    .map((line) => JSON.parse(line))
  t.strictSame(
    answers.flatMap(({ events = [] }) => events.map(({ type }: { type: string }) => type)),
    [
      'FamilyRegistered',
      'NoticeRecorded',
      'DisclosureRequestReceived',
      'DisclosureTermExtended',
      'DisclosureDecided',
      'DisclosureProvided',
      'CorrectionRequested',
      'CorrectionDecided',
      'EventCorrected',
      'CorrectionNotified',
      'SuspensionRequested',
      'SuspensionDecided',
    ],
  )
  const [exported] = answers.filter(({ entries }) => entries)
  const shown = JSON.stringify(exported)
  t.match(shown, 'sat alone for an hour')
  for (const word of ['looked tired', 'grandmother']) t.notMatch(shown, word)
  const [before, after] = answers.filter(({ recipients }) => recipients)
  t.match(before, { pinned: false, recipients: [{ because: ['opened'] }, {}, {}] })
  t.match(after, { pinned: true, recipients: [{ told: true }, { told: false }, { told: false }] })
  t.equal(answers.find(({ kind }) => kind === 'correction-request')?.state, 'decided')
})
