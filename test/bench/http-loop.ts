import { driveVisits } from './http-command.ts'
import { atMost, type Bench, FULL } from './kit/bench.ts'
import { nextMessage } from './kit/process.ts'

export const httpLoop: Bench = {
  name: 'http.loop',
  unit: 'ms',
  target: atMost(10),
  durability: FULL,
  ours: (size) =>
    driveVisits(
      size,
      './server.ts',
      ({ program }) => program.send('measure'),
      async ({ program }) => {
        program.send('measured')
        return (await nextMessage<{ p99: number }>(program)).p99
      },
    ),
}
