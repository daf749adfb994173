import { existsSync, renameSync } from 'node:fs'

/** Kept beside for whoever wants to know why, with what belongs to it. Answers the new name. */
export const setAside = (file: string): string => {
  let number = 1
  while (existsSync(`${file}.broken-${number}`)) number += 1
  const aside = `${file}.broken-${number}`
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  return aside
}
