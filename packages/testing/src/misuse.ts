/** The harness was used in a way in which its tests would prove nothing. */
export class HarnessMisuseError extends Error {
  override readonly name = 'HarnessMisuseError';

  /** @param what happened and why it matters; `fix` what to do. */
  constructor(what: string, fix: string, options?: ErrorOptions) {
    super(`createIsolationHarness: ${what} ${fix}`, options);
  }
}
