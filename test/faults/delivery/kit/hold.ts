import type { Node } from '../../kit/node.ts'
import { senderAt } from './sender.ts'
import type { Arrival, Subscriber } from './subscriber.ts'

/** An attempt that was not answered, and the program that made it. */
export type Held = { readonly arrival: Arrival; readonly sender: Node | undefined }

/** What comes first from now on is not answered, however often it comes, until `release`, which takes it. All else is taken. */
export const holdNext = ({ behave }: Subscriber, nodes: readonly Node[]) => {
  const held: Held[] = []
  const answers = new Set<(status: number) => void>()
  behave((arrival) => {
    if (held[0] && held[0].arrival.sequence !== arrival.sequence) return 204
    held.push({ arrival, sender: senderAt(arrival.port, nodes) })
    return new Promise((resolve) => answers.add(resolve))
  })
  return {
    held,
    release(): void {
      behave(() => 204)
      for (const answer of answers) answer(204)
    },
  }
}
