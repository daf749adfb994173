import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { SignJWT } from 'jose'

export type DevIssuer = {
  /** A token for a staff id, valid for `seconds`. */
  sign(staffId: string, seconds: number): Promise<string>
  readonly publicKey: KeyObject
}

export const DEV_ISSUER = 'urn:tsunagi:dev-issuer'
export const DEV_AUDIENCE = 'tsunagi'

/** The program's own issuer for development: an Ed25519 key beside the data, readable by its owner only. */
export const openDevIssuer = (file: string): DevIssuer => {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519')
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
  }
  const privateKey = createPrivateKey(readFileSync(file))
  return {
    publicKey: createPublicKey(privateKey),
    sign: (staffId, seconds) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
        .setIssuer(DEV_ISSUER)
        .setAudience(DEV_AUDIENCE)
        .setSubject(staffId)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${seconds}s`)
        .sign(privateKey),
  }
}
