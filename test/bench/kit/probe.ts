import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const PAGE = Buffer.alloc(4_096, 7)
const PAGES = 256
const PROBE_MS = 400

/** How often a second this disk syncs a page that is written over, right now: what every durable figure hangs on. */
export const fdatasyncPerSecond = (dir: string): number => {
  const file = join(dir, 'probe.bin')
  const handle = openSync(file, 'w')
  try {
    for (let page = 0; page < PAGES; page++) writeSync(handle, PAGE)
    fdatasyncSync(handle)
    const begun = performance.now()
    let syncs = 0
    while (performance.now() - begun < PROBE_MS) {
      writeSync(handle, PAGE, 0, PAGE.length, (syncs % PAGES) * PAGE.length)
      fdatasyncSync(handle)
      syncs += 1
    }
    return (syncs * 1_000) / (performance.now() - begun)
  } finally {
    closeSync(handle)
    rmSync(file)
  }
}
