import { setTimeout as pause } from 'node:timers/promises'
import { openRedis } from '#infra/redis/connection.ts'
import { silentLog } from '#test/kit/redis.ts'

/** Closes a connection that has something on its way, and ends when nothing is left that keeps a process alive. */
const [url = ''] = process.argv.slice(2)
const connection = openRedis(url, silentLog, 60_000)
await pause(300)
const asked = connection.client.ping().catch(() => undefined)
connection.close()
await asked
process.stdout.write('closed\n')
