import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { place } from './place.ts'

const manifest = (name: string): string => fileURLToPath(new URL(`../peers/${name}`, import.meta.url))
const FILES = ['package.json', 'package-lock.json']
const home = (): string => join(place(), 'peers')

const isInstalled = (): boolean =>
  existsSync(join(home(), 'node_modules')) &&
  FILES.every((name) => readFileSync(join(home(), name), 'utf8') === readFileSync(manifest(name), 'utf8'))

/** Puts the peers where nothing of the project sees them. Answers why that was not possible. */
export const missingPeers = async (): Promise<string | undefined> => {
  if (isInstalled()) return undefined
  mkdirSync(home(), { recursive: true })
  for (const name of FILES) copyFileSync(manifest(name), join(home(), name))
  try {
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: home() })
    return undefined
  } catch (error) {
    return `the peers cannot be installed (${error instanceof Error ? error.message.split('\n', 1)[0] : error})`
  }
}

/** A module of the peers' own tree; the caller says what it uses of it. */
export const peer = async <T>(name: string): Promise<T> => {
  const resolved = createRequire(join(home(), 'package.json')).resolve(name)
  const module = (await import(pathToFileURL(resolved).href)) as { default?: object }
  return { ...module.default, ...module } as T
}
