import { moveBetween } from '#src/moving/between.ts'
import type { Phase } from '#src/moving/move.ts'
import { silent } from '#test/kit/running-system.ts'

/** Moves house, and kills itself at the n-th step of a phase; `working` is said when it begins, `moved` when it has come to the end. */
const [from = '', to = '', directory = '', key = '', phase = 'never', nth = '0'] = process.argv.slice(2)
const steps = new Map<Phase, number>()

process.stdout.write('working\n')
const { places, copied } = await moveBetween({
  from,
  to,
  directory: directory === '' ? undefined : directory,
  keks: { keyEncryptionKey: Buffer.from(key, 'base64') },
  log: silent,
  now: () => new Date().toISOString(),
  pageSize: 25,
  step(now) {
    const count = (steps.get(now) ?? 0) + 1
    steps.set(now, count)
    if (now === phase && count === Number(nth)) process.kill(process.pid, 'SIGKILL')
  },
})
process.stdout.write(`moved ${places.count}, now ${copied}\n`)
