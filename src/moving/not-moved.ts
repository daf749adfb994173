/** The move was refused, or is not what it should be: said in one line, with the place. */
export class NotMoved extends Error {
  override readonly name = 'NotMoved'
}
