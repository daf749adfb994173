import { Command } from 'commander'
import { dataConfig, keyringOf } from './open.ts'
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
    const keyring = keyringOf(config)
    let total = 0
    try {
      for (let wrapped = keyring.rotate(); wrapped > 0; wrapped = keyring.rotate()) {
        total += wrapped
        note(`${total} keys`)
      }
    } finally {
      keyring.close()
    }
    await print(`${total} keys lie under the new key-encryption key; the old one is needed no more`)
  })

export const keys = new Command('keys')
  .description('The keys under which personal data lies (docs/keys.md)')
  .addCommand(rotate)
