import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export type Service = {
  image: string
  build?: string
  profiles?: string[]
  command?: string[]
  user?: string
  read_only?: boolean
  privileged?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  network_mode?: string
  networks?: string[]
  ports?: string[]
  volumes?: string[]
  restart?: string
  mem_limit?: string
  stop_grace_period?: string
  environment?: Record<string, string | undefined>
  healthcheck?: { disable?: boolean; test?: string[] }
  depends_on?: Record<string, { condition: string }>
}

export type Compose = {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean } | null>
  volumes: Record<string, null>
  secrets?: Record<string, unknown>
}

const path = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))
export const textOf = (file: string): string => readFileSync(path(file), 'utf8')
export const isThere = (file: string): boolean => existsSync(path(file))

/** Merges (`<<`) resolved, variables as they stand there. */
export const composeFile = (): Compose => parse(textOf('docker-compose.yml'), { merge: true })

/** As compose does it: `$$` is a dollar; `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. @throws when one is missing */
export const filledIn = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(
    /\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})/g,
    (_, dollar?: string, name = '', how = '', rest = '') => {
      if (dollar) return dollar
      const value = values[name]
      if (value) return value
      if (how === '-') return rest
      throw new Error(`${name}: ${rest}`)
    },
  )

/** Names that `src/config.ts` reads. */
export const configured: ReadonlySet<string> = new Set(
  [...textOf('src/config.ts').matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name = '']) => name),
)
