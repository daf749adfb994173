import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./appending-client.ts', import.meta.url))

export type Ended = { readonly said: string; readonly complained: string; readonly code: unknown }

/** Some answers end the process that the client lives in, so it gets one of its own. */
export const appendFromProcess = (url: string): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', script, url],
      { env: { ...process.env, NODE_OPTIONS: '' } },
      (error, said, complained) => resolve({ said: said.trim(), complained, code: error?.code ?? 0 }),
    )
  })
