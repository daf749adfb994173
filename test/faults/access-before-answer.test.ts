import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { streamName } from '#domain/kernel/event.ts'
import { openSqliteEventStore } from '#infra/event-store/sqlite/event-store.ts'
import { eventLogFile } from '#src/data/files.ts'
import { openTestDoor } from '#test/kit/door.ts'
import { done, openConsultation, registerFamily } from '#test/kit/door-story.ts'
import { startChild } from './kit/child.ts'

const WORDS = 'mayonaka-no-denwa'

/** A directory with one family and one conversation in it. */
const told = async (t: Test) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tsunagi-access-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const door = await openTestDoor(t, { engine: 'sqlite', dataDir })
  const family = await registerFamily(door)
  const id = await openConsultation(door, family)
  await done(door, 'partner', `/v1/consultations/${id}/record-session`, {
    topics: [],
    abuseCheck: 'noConcern',
    facts: WORDS,
  })
  await door.settled()
  await door.stop()
  return { dataDir, familyId: family.id }
}

const looksWrittenDown = async (dataDir: string, familyId: string): Promise<number> => {
  const store = await openSqliteEventStore({ file: eventLogFile(dataDir), readOnly: true })
  const { length } = await store.read(streamName('access', familyId))
  await store.close()
  return length
}

const reader = (origin: string, familyId: string) => async (): Promise<{ status: number; body: string }> => {
  const answer = await fetch(`${origin}/v1/families/${familyId}/timeline`, {
    headers: { authorization: 'Bearer saito' },
  })
  return { status: answer.status, body: await answer.text() }
}

t.test('killed at any moment: no answer has left without its access being written down', async (t) => {
  const { dataDir, familyId } = await told(t)
  let answered = 0
  for (const ms of [30, 80, 150, 260, 400]) {
    const child = startChild('reading.ts', [dataDir])
    const read = reader((await child.says('listening ')).split(' ')[1] ?? '', familyId)
    const killed = new AbortController()
    const readers = Array.from({ length: 4 }, async () => {
      while (!killed.signal.aborted)
        try {
          const { body } = await read()
          if (body.includes(WORDS)) answered += 1
        } catch {
          return
        }
    })
    await pause(ms)
    child.process.kill('SIGKILL')
    killed.abort()
    await Promise.all(readers)
    await child.gone
    const written = await looksWrittenDown(dataDir, familyId)
    t.ok(written >= answered, `${answered} answers, ${written} looks written down`)
  }
  t.ok(answered > 0, 'some were answered')
})

t.test('on a full disk: no data, and a problem that says to come again', async (t) => {
  const { dataDir, familyId } = await told(t)
  const largest = Math.max(...readdirSync(dataDir).map((file) => statSync(join(dataDir, file)).size))
  // No file may grow much over what the largest is now; in blocks of 1 KiB.
  const limit = Math.ceil(largest / 1_024) + 256
  const child = startChild('reading.ts', [dataDir], ['bash', '-c', `ulimit -f ${limit}; exec "$@"`, 'bash'])
  const read = reader((await child.says('listening ')).split(' ')[1] ?? '', familyId)
  t.teardown(() => void child.process.kill('SIGKILL'))
  let answered = 0
  let refused: Awaited<ReturnType<typeof read>> | undefined
  for (let tries = 0; tries < 20_000 && !refused; tries++) {
    const answer = await read()
    if (answer.body.includes(WORDS)) answered += 1
    else refused = answer
  }
  t.ok(answered > 0, `${answered} answers before it was full`)
  t.equal(refused?.status, 503)
  t.match(refused?.body, /service\/unavailable/)
  for (let i = 0; i < 20; i++) {
    const { body } = await read()
    if (body.includes(WORDS)) answered += 1
  }
  child.process.kill('SIGKILL')
  await child.gone
  const written = await looksWrittenDown(dataDir, familyId)
  t.ok(written >= answered, `${answered} answers, ${written} looks written down`)
})
