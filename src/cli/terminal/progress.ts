import { type Options, SingleBar } from 'cli-progress'

const SHOWN_AFTER_MS = 2_000

export type Progress = { at(done: number | bigint, total: number | bigint): void; end(): void }

/** A bar on stderr for what takes longer than two seconds, when somebody is watching. */
export const progressBar = (what: string, stream: NodeJS.WriteStream = process.stderr): Progress => {
  const since = performance.now()
  const options: Options = {
    stream,
    format: `${what} {bar} {percentage}%  {value}/{total}  {eta_formatted}`,
    barCompleteChar: '━',
    barIncompleteChar: '·',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
  }
  let bar: SingleBar | undefined
  return {
    at(done, total) {
      if (!stream.isTTY || performance.now() - since < SHOWN_AFTER_MS) return
      if (!bar) {
        bar = new SingleBar(options)
        bar.start(Number(total), Number(done))
      }
      bar.setTotal(Number(total))
      bar.update(Number(done))
    },
    end: () => bar?.stop(),
  }
}
