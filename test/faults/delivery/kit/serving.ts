import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { readConfig } from '#src/config.ts'
import { staff as everybody, newId } from '#test/kit/door.ts'
import { freePort } from '#test/kit/free-port.ts'
import { enrolAll, tokensFor } from '../../kit/enrol.ts'
import { eventually, nodeProcess } from '../../kit/node.ts'
import type { Keys } from './signers.ts'

const { nakamura, partner, mchCoordinator, integration } = everybody
const staff = { nakamura, partner, mchCoordinator, integration } as const
type Who = keyof typeof staff

export type Receipt = { readonly events: readonly { readonly id: string; readonly type: string }[] }
export type Subscribed = Keys & { readonly id: string }

/** The real program in a process of its own, in dev mode, on the embedded engine. */
export type Serving = {
  /** A command that has to succeed. */
  give<T = Receipt>(who: Who, path: string, body?: object): Promise<T>
  read<T>(path: string): Promise<T>
  /** A subscription of the ward’s system to the ward’s referrals. */
  subscribe(name: string, url: string): Promise<Subscribed>
  /** Resident memory of the process now, in MB. */
  residentMb(): number
  /** What it has logged as an error. */
  errors(): readonly string[]
}

export const startServing = async (t: Test): Promise<Serving> => {
  const dir = mkdtempSync(join(tmpdir(), 'tsunagi-serving-'))
  const environment = { AUTH_MODE: 'dev', DATA_DIR: dir }
  await enrolAll(readConfig(environment, 'data'), staff)
  const tokens = await tokensFor(dir, staff)
  const node = nodeProcess('serving', await freePort(), environment)
  t.teardown(async () => {
    await node.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  node.start()
  await eventually('it is ready', node.isReady)

  const ask = async (who: Who, path: string, how: RequestInit = {}): Promise<unknown> => {
    const headers = { authorization: `Bearer ${tokens[who]}`, 'content-type': 'application/json' }
    const answer = await fetch(`${node.origin}/v1/${path}`, { ...how, headers })
    const body: unknown = await answer.json()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(body)}`)
    return body
  }
  const give = async <T = Receipt>(who: Who, path: string, body: object = {}): Promise<T> =>
    (await ask(who, path, { method: 'POST', body: JSON.stringify(body) })) as T

  return {
    give,
    read: async <T>(path: string) => (await ask('integration', path)) as T,
    async subscribe(name, url) {
      const id = newId()
      const asked = { name, purpose: 'つなぎの受領状況を写す', endpoint: { url } }
      return { id, ...(await give<Keys>('integration', `subscriptions/${id}/create`, asked)) }
    },
    residentMb() {
      const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${node.pid()}/status`, 'utf8')) ?? []
      return Number(kb) / 1_024
    },
    errors: () => node.logged.filter(({ level }) => level >= ERROR).map(({ msg }) => msg),
  }
}

const ERROR = 50
