/** What lies beside the log on this disk was made from another log, or from more of it than there is now. Nothing is started. */
export class LogDiffers extends Error {
  override readonly name = 'LogDiffers'
}
