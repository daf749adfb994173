import { Command } from 'commander'
import type { Config } from '#src/config.ts'
import type { Data } from '#src/data/data.ts'
import { isCluster } from '#src/data/engine.ts'
import { openData } from '#src/data/open.ts'
import { dataConfig, dataOf, keyringOf } from './open.ts'
import { note, print } from './terminal/output.ts'
import { Unable } from './unable.ts'

const rotate = new Command('rotate')
  .description(
    'Wrap all keys in KEY_ENCRYPTION_KEY that still lie under KEY_ENCRYPTION_KEY_PREVIOUS. May be interrupted and run again, beside running servers',
  )
  .action(async () => {
    const config = dataConfig()
    if (!config.KEY_ENCRYPTION_KEY || !config.KEY_ENCRYPTION_KEY_PREVIOUS)
      throw new Unable(
        'give the new key in KEY_ENCRYPTION_KEY and the old one in KEY_ENCRYPTION_KEY_PREVIOUS',
      )
    const { keyring, close } = await openToRotate(config)
    let total = 0
    try {
      for (let wrapped = await keyring.rotate(); wrapped > 0; wrapped = await keyring.rotate()) {
        total += wrapped
        note(`${total} keys`)
      }
    } finally {
      await close()
    }
    await print(`${total} keys lie under the new key-encryption key; the old one is needed no more`)
  })

/** On one machine the key file is all that is needed; a cluster's keys are where its log is. */
const openToRotate = async (config: Config): Promise<Pick<Data, 'keyring' | 'close'>> => {
  if (isCluster(config.EVENT_STORE)) return openData(dataOf(config))
  const keyring = keyringOf(config)
  return { keyring, close: async () => keyring.close() }
}

export const keys = new Command('keys')
  .description('The keys under which personal data lies (docs/keys.md)')
  .addCommand(rotate)
