import { execFile } from 'node:child_process'
import { appendFileSync, chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const installed = (): readonly string[] =>
  existsSync('/usr/lib/postgresql')
    ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)
    : []

const programs = (): string | undefined =>
  [process.env.PG_BIN, ...installed(), ...(process.env.PATH ?? '').split(delimiter)].find(
    (dir) => dir !== undefined && existsSync(join(dir, 'initdb')) && existsSync(join(dir, 'pg_ctl')),
  )

export const missingPostgres = async (): Promise<string | undefined> =>
  programs() === undefined ? 'there is no PostgreSQL here (PG_BIN names its programs)' : undefined

/** PostgreSQL refuses to run as root; its packages bring a user of their own. */
const USER = 'postgres'
const isRoot = process.getuid?.() === 0

/** A cluster of its own below `dir`, as durable as it comes, on this machine only; `tuned` as its manual advises for writing. */
export const startPostgres = async (dir: string): Promise<{ url: string; stop(): Promise<void> }> => {
  const home = join(dir, 'cluster')
  mkdirSync(home)
  if (isRoot) await giveTo(dir, home)
  const call = (program: string, ...args: readonly string[]) => {
    const command = [join(programs() ?? '', program), ...args]
    const [file = '', ...rest] = isRoot ? ['runuser', '-u', USER, '--', ...command] : command
    return run(file, rest, { cwd: home })
  }
  const data = join(home, 'data')
  await call('initdb', '-D', data, '-A', 'trust', '-U', USER, '--no-locale', '-E', 'UTF8')
  const port = await freePort()
  appendFileSync(
    join(data, 'postgresql.conf'),
    `\nlisten_addresses='127.0.0.1'\nport=${port}\nunix_socket_directories=''\nshared_buffers=512MB\nmax_wal_size=4GB\n` +
      'max_connections=120\nfsync=on\nsynchronous_commit=on\n',
  )
  await call('pg_ctl', '-D', data, '-l', join(home, 'log'), '-w', 'start')
  return {
    url: `postgresql://${USER}@127.0.0.1:${port}/postgres`,
    stop: async () => void (await call('pg_ctl', '-D', data, '-m', 'fast', '-w', 'stop')),
  }
}

const giveTo = async (dir: string, home: string): Promise<void> => {
  const { stdout } = await run('id', ['-u', USER])
  chmodSync(join(dir, '..'), 0o711)
  chmodSync(dir, 0o711)
  chownSync(home, Number(stdout), -1)
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
