import { once } from 'node:events'

/** One line of data on stdout; waits while the reader is slower than the log. */
export const print = async (line: string): Promise<void> => {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** For people, beside the data. */
export const note = (line: string): void => void process.stderr.write(`${line}\n`)

/** Whoever reads has seen enough (`| head`): that is no error. */
export const endWithReader = (): void => {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}
