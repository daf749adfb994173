import t from 'tap'
import { memoryEventStore } from '#infra/event-store/memory.ts'
import { eventStoreContract } from '#test/contract/event-store.ts'

await eventStoreContract(t, 'memory', async () => memoryEventStore(), { densePositions: true })
