import { Command } from 'commander'
import { dataConfig } from './open.ts'
import { note } from './terminal/output.ts'

export const worker = new Command('worker')
  .description(
    'Run a node without a door: it sends webhooks, and may hold the lease and do what one node does for all (deadlines, what follows from facts)',
  )
  .action(async () => {
    const config = dataConfig()
    const [{ startWorkerNode, endInOrder }, { makeLog }] = await Promise.all([
      import('#src/node.ts'),
      import('#src/log.ts'),
    ])
    const log = makeLog(config.LOG_LEVEL)
    const { stop } = await startWorkerNode(config, log)
    endInOrder(log, stop)
    log.info({ state: 'running' }, 'working without a door')
    note('tsunagi: a worker runs; it opens no port')
  })
