import { recordedPerSecond } from './append-whole.ts'
import { atLeast, type Bench, FULL, type Size } from './kit/bench.ts'
import { appendedPerSecond, openEmmettSqlite } from './kit/emmett.ts'
import { missingPeers } from './kit/peers.ts'

const CALLERS = 32

const emmett = async (size: Size): Promise<number> => {
  const { store, connection } = await openEmmettSqlite(size.dir)
  const rate = await appendedPerSecond(store, CALLERS, size, true)
  connection.close()
  return rate
}

export const appendVsEmmettSqlite: Bench = {
  name: 'append.vs-emmett-sqlite',
  unit: 'events/s',
  target: atLeast(12),
  durability: FULL,
  ours: (size) => recordedPerSecond(size, CALLERS),
  against: { name: 'emmett-sqlite, 32 callers in turn, FULL', run: emmett },
  missing: missingPeers,
}
