/** What the one at the keyboard can put right: said in one line, without a stack trace. */
export class Unable extends Error {
  override readonly name = 'Unable'
}
