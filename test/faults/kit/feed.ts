import type { Who } from './cluster.ts'
import type { Node } from './node.ts'

export type FeedEvent = { readonly id: string; readonly sequence: string; readonly partitionkey: string }

/** The feed of referrals from its beginning to its end, as a subscriber takes it. */
export const readFeed = async (
  { origin }: Node,
  tokens: Readonly<Record<Who, string>>,
): Promise<readonly FeedEvent[]> => {
  const events: FeedEvent[] = []
  for (let cursor = ''; ; ) {
    const after = cursor === '' ? '' : `&after=${encodeURIComponent(cursor)}`
    const answer = await fetch(`${origin}/v1/feeds/referrals?limit=500${after}`, {
      headers: { authorization: `Bearer ${tokens.cityIntegration}` },
    })
    const page = (await answer.json()) as { events: FeedEvent[]; cursor: string; more: boolean }
    if (answer.status !== 200) throw new Error(`the feed answers ${answer.status} ${JSON.stringify(page)}`)
    events.push(...page.events)
    if (!page.more) return events
    cursor = page.cursor
  }
}
