import { openKeyring } from '#infra/keys/keyring.ts'

/** Rotates one key at a time, saying so, until it is killed. */
const [file = '', to = '', from = ''] = process.argv.slice(2)
const keyring = openKeyring({
  file,
  keyEncryptionKey: Buffer.from(to, 'base64'),
  previousKeyEncryptionKey: Buffer.from(from, 'base64'),
})
while (keyring.rotate(1) > 0) process.stdout.write('.')
process.stdout.write('done')
