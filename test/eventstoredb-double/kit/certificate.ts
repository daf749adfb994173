import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificate } from '../double.ts'

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** A certificate for this machine, and an authority of its own that vouches for it, both for a day. */
export const makeCertificate = (directory: string): Certificate => {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  const file = (name: string) => join(directory, name)
  writeFileSync(file('names.txt'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  openssl(
    ...['req', '-x509', ...newKey, '-days', '1', '-subj', '/CN=throwaway authority'],
    ...['-keyout', 'ca.key', '-out', 'ca.pem'],
  )
  openssl('req', ...newKey, '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr')
  openssl(
    ...['x509', '-req', '-days', '1', '-in', 'server.csr', '-extfile', 'names.txt'],
    ...['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'server.pem'],
  )
  return { caFile: file('ca.pem'), keyFile: file('server.key'), certFile: file('server.pem') }
}
