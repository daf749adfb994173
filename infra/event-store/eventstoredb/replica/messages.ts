export type ReplicaOptions = {
  readonly url: string
  /** This node's copy of the log. */
  readonly file: string
  /** This node's copy of the keys that the nodes share, where they do. */
  readonly keyFile?: string | undefined
  readonly attemptMs?: number | undefined
  readonly watchMs?: number | undefined
}

export type ToReplica = 'stop'

export type FromReplica =
  | { readonly kind: 'at'; readonly position: bigint }
  /** How far the server's log was when copying began. */
  | { readonly kind: 'goal'; readonly position: bigint }
  | { readonly kind: 'say'; readonly text: string; readonly fields: Readonly<Record<string, unknown>> }
