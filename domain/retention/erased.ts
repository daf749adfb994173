import { fold } from '#domain/kernel/lifecycle.ts'
import type { RetentionEvent } from './events.ts'

/** Whether it was decided that a family's data is erased: from then on nothing more is recorded about it. */
export const isErased = fold<boolean, RetentionEvent>('retention', false, { PersonalDataErased: () => true })
