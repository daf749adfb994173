import { existsSync, renameSync, rmSync } from 'node:fs'
import type { KeyEncryptionKeys } from '#infra/keys/kept-keys.ts'
import { openKeyring } from '#infra/keys/keyring.ts'
import { openProcessJournal } from '#infra/process-journal/sqlite.ts'
import { copyDatabase } from '#infra/snapshot.ts'
import { processesFile } from '#src/data/files.ts'
import { keyFile } from '#src/data/keys.ts'

/**
 * How far erasures have been carried out stands in the key file: behind it, a stream's key may be another family's by now, and
 * erasing once more from the beginning would take it for the erased one's. It only moves forward.
 */
export const noteErasedUpTo = (directory: string, position: bigint, keks: KeyEncryptionKeys): void => {
  const keyring = openKeyring({ ...keks, file: keyFile(directory) })
  try {
    keyring.noteErasedUpTo(position)
  } finally {
    keyring.close()
  }
}

export const erasedUpToIn = (directory: string, keks: KeyEncryptionKeys): bigint => {
  const keyring = openKeyring({ ...keks, file: keyFile(directory) })
  try {
    return keyring.erasedUpTo()
  } finally {
    keyring.close()
  }
}

/** The deadlines that run, and how far they were read: together, or a deadline would never be missed. Whole or not at all. */
export const takeDeadlinesAlong = (from: string, to: string, position: bigint): void => {
  if (existsSync(processesFile(to))) return
  const draft = `${processesFile(to)}.moving`
  for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true })
  if (!copyDatabase(processesFile(from), draft)) return
  const journal = openProcessJournal(draft)
  journal.save(position, new Map())
  journal.close()
  renameSync(draft, processesFile(to))
}
