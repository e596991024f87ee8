/** A start that cannot go on for a reason the operator can mend: the message is all there is to say. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
