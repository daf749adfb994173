import type { Calls, Method } from './calls.ts'
import { broken, type Leader, notLeader, type RpcError, unavailable } from './errors.ts'

export type AppendFate = {
  readonly stores: boolean
  readonly ending: 'answer' | 'forget' | 'hang up' | 'answer somebody else'
}

/** Which calls, and how many of them; all of them until `behave()` if no count is given. */
export type Aim = { readonly methods?: readonly Method[]; readonly count?: number }

export type Checkpoints = 'true' | 'repeated' | 'rewound' | 'leaping'

type Rule<T> = { readonly what: T; readonly methods: readonly Method[] | undefined; left: number }

const writes: readonly Method[] = ['Append', 'BatchAppend', 'Delete', 'Tombstone']

const take = <T>(rules: Rule<T>[], method: Method): T | undefined => {
  const rule = rules.find(({ methods, left }) => left > 0 && (methods?.includes(method) ?? true))
  if (!rule) return undefined
  rule.left--
  return rule.what
}

/** What the double does wrong on request. The handlers ask `mischief`; tests call `misbehave`. */
export const createMischief = (calls: Calls, cutSockets: () => void) => {
  const refusals: Rule<RpcError>[] = []
  const delays: Rule<number>[] = []
  const brokenReads: Rule<number>[] = []
  const fates: AppendFate[] = []
  let checkpoints: Checkpoints = 'true'

  const refuse = (error: RpcError, { methods, count = Number.POSITIVE_INFINITY }: Aim) =>
    void refusals.push({ what: error, methods, left: count })
  const destine = (fate: AppendFate, count: number) => void fates.push(...Array(count).fill(fate))
  const endAll = (method?: Method, error?: RpcError) => {
    for (const call of calls.open(method)) call.end(error)
  }

  const skew = (how: Checkpoints) => {
    checkpoints = how
  }

  const misbehave = {
    dropConnections: () => cutSockets(),
    /** Ends every open call that pushes with OK. */
    endStreams: () => endAll(),

    /** The next append: the batch stream ends with OK and nothing was stored. */
    hangUp: () => destine({ stores: false, ending: 'hang up' }, 1),
    /** The next append is stored, then the batch stream ends with OK instead of an answer. */
    storeThenHangUp: () => destine({ stores: true, ending: 'hang up' }, 1),
    forgetAppends: (count = 1) => destine({ stores: false, ending: 'forget' }, count),
    storeThenForgetAppends: (count = 1) => destine({ stores: true, ending: 'forget' }, count),
    /** The next batch append is stored and answered under a correlation id that nobody sent. */
    answerSomebodyElse: () => destine({ stores: true, ending: 'answer somebody else' }, 1),
    /** Appends are stored at once and answered after so many ms. */
    answerLate: (ms: number, { methods, count = Number.POSITIVE_INFINITY }: Aim = {}) =>
      void delays.push({ what: ms, methods, left: count }),

    /** Without a leader the error names no host and port, which the client cannot bear. */
    refuseAsNotLeader: ({ leader, ...aim }: Aim & { readonly leader?: Leader } = {}) =>
      refuse(notLeader(leader), { methods: writes, ...aim }),
    refuseAsUnavailable: (aim: Aim = {}) => refuse(unavailable(), aim),
    breakCapabilities: (count = Number.POSITIVE_INFINITY) =>
      refuse(broken('GetSupportedMethods'), { methods: ['GetSupportedMethods'], count }),

    /** The next reads fail after so many events. */
    breakReads: ({ count = 1, after = 0 }: { readonly count?: number; readonly after?: number } = {}) =>
      void brokenReads.push({ what: after, methods: undefined, left: count }),
    endSubscriptions: () => endAll('Subscribe'),
    breakSubscriptions: () => endAll('Subscribe', broken('the subscription')),
    /** Those open now push nothing more, and do not close; new ones do push. */
    silenceSubscriptions: () => {
      for (const call of calls.open('Subscribe')) call.silent = true
    },

    /** Each checkpoint on filtered $all comes twice. */
    repeatCheckpoints: () => skew('repeated'),
    /** Behind each checkpoint comes one at the start of the log. */
    rewindCheckpoints: () => skew('rewound'),
    /** Each checkpoint is at the end of the log, whether what lies before was delivered or not. */
    leapCheckpoints: () => skew('leaping'),

    behave: () => {
      for (const rules of [refusals, delays, brokenReads, fates]) rules.length = 0
      skew('true')
    },
  }

  return {
    misbehave,
    refusalOf: (method: Method) => take(refusals, method),
    delayOf: (method: Method) => take(delays, method) ?? 0,
    readBreaksAfter: () => take(brokenReads, 'Read'),
    fateOfAppend: (): AppendFate => fates.shift() ?? { stores: true, ending: 'answer' },
    checkpoints: () => checkpoints,
  }
}

export type Mischief = ReturnType<typeof createMischief>
export type Misbehave = Mischief['misbehave']
