import { z } from 'zod'
import { KEPT_DAYS } from '#domain/feed/place.ts'
import { Engine } from './data/engine.ts'

const KeyEncryptionKey = z
  .base64()
  .refine((key) => Buffer.from(key, 'base64').length === 32, 'is to be 32 bytes in base64')

const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3_000),
  DATA_DIR: z.string().min(1).default('./data'),
  EVENT_STORE: Engine.default('sqlite'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, hostname: /./, error: 'is to be redis://host:port or rediss://host:port' })
    .optional(),
  AUTH_MODE: z.enum(['dev', 'oidc']).default('oidc'),
  AUTH_ISSUER: z.url().optional(),
  AUTH_AUDIENCE: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  /** How far back the feed of referral events is told; the log itself keeps everything. */
  FEED_RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).default(KEPT_DAYS),
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(0).default(6_000),
  /** 32 random bytes in base64 (`openssl rand -base64 32`): what personal data lies under, in the end. */
  KEY_ENCRYPTION_KEY: KeyEncryptionKey.optional(),
  /** While keys are rotated: what they lay under before. */
  KEY_ENCRYPTION_KEY_PREVIOUS: KeyEncryptionKey.optional(),
  NODE_ENV: z.string().optional(),
})

export type Config = z.output<typeof Environment>

export class BadConfiguration extends Error {
  override readonly name = 'BadConfiguration'
}

type Given = { readonly AUTH_MODE: string; readonly HOST: string } & Partial<
  Readonly<Record<string, string | undefined>>
>

const LOOPBACK = ['127.0.0.1', '::1', 'localhost']

/**
 * Environment variables only; one message that names every problem. `data`: for programs that work on the files and open no
 * door, so that who may come in is not asked.
 */
export const readConfig = (
  environment: Readonly<Record<string, string | undefined>>,
  purpose: 'door' | 'data' = 'door',
): Config => {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(given)
  const problems = [
    ...(parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []),
    ...keyNeeded(given),
    ...sharedKeyNeeded(given),
    ...(purpose === 'door' ? together({ AUTH_MODE: 'oidc', HOST: '127.0.0.1', ...given }) : []),
  ]
  if (!parsed.success || problems.length > 0)
    throw new BadConfiguration(
      `The configuration has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`,
    )
  return parsed.data
}

const keyNeeded = ({ NODE_ENV, KEY_ENCRYPTION_KEY }: Readonly<Record<string, string | undefined>>) =>
  NODE_ENV === 'production' && !KEY_ENCRYPTION_KEY
    ? ['KEY_ENCRYPTION_KEY: needed when NODE_ENV=production (32 random bytes in base64)']
    : []

const sharedKeyNeeded = ({
  EVENT_STORE,
  KEY_ENCRYPTION_KEY,
}: Readonly<Record<string, string | undefined>>) =>
  EVENT_STORE?.startsWith('esdb') && !KEY_ENCRYPTION_KEY
    ? ['KEY_ENCRYPTION_KEY: needed with a cluster, the same for all its nodes (32 random bytes in base64)']
    : []

/** What single values cannot show; of what was given, so that nothing hides behind a value that does not fit. */
const together = (config: Given): readonly string[] => [
  ...(config.AUTH_MODE === 'oidc' && !config.AUTH_ISSUER
    ? ['AUTH_ISSUER: needed unless AUTH_MODE=dev (the issuer whose tokens are trusted)']
    : []),
  ...(config.AUTH_MODE === 'oidc' && !config.AUTH_AUDIENCE
    ? ['AUTH_AUDIENCE: needed unless AUTH_MODE=dev']
    : []),
  ...(config.AUTH_MODE === 'dev' && config.NODE_ENV === 'production'
    ? ['AUTH_MODE: dev makes its own tokens and is refused when NODE_ENV=production']
    : []),
  ...(config.AUTH_MODE === 'dev' && !LOOPBACK.includes(config.HOST)
    ? ['HOST: dev mode binds to loopback only (127.0.0.1, ::1 or localhost)']
    : []),
]
