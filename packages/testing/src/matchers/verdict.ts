/** The result of a matcher: the shape that Vitest's and Jest's `expect.extend` take. */
export interface Verdict {
  readonly pass: boolean;
  /** Says what was found, for a test that failed. */
  message(): string;
}
