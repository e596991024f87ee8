/** The result of a matcher: the shape that Vitest's and Jest's `expect.extend` take. */
export interface Verdict {
  readonly pass: boolean;
  message(): string;
}
