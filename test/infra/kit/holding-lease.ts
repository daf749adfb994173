import { writeSync } from 'node:fs'
import { openRedis } from '#infra/redis/connection.ts'
import { holdLease } from '#infra/redis/lease.ts'
import { silentLog } from '#test/kit/redis.ts'

/** A node that contends for a lease, and says what it sees: every change, and every moment in which it would act. */
const [url = '', ttlMs = '', answerMs = ''] = process.argv.slice(2)
const say = (line: string) => writeSync(1, `${line}\n`)

const { client } = openRedis(url, silentLog, Number(answerMs))
const lease = holdLease({ client, name: 'test', holder: 'child', ttlMs: Number(ttlMs) })
lease.onChange((state) => say(state))
setInterval(() => {
  if (lease.acts()) say(`acts ${process.hrtime.bigint()}`)
}, 5)
