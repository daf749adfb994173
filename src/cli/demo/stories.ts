import { storyC } from './stories/takahashi.ts'
import { storyA } from './stories/tanaka.ts'
import type { Story } from './story.ts'

export const stories = { A: storyA, C: storyC } as const satisfies Record<string, Story>

/** Before anybody comes to work in either story. */
export const BEGINNING = '2021-03-01 09:00'
