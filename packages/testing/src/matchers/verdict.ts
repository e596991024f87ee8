/** What a matcher found: the shape that Vitest's and Jest's `expect.extend` take. */
export interface Verdict {
  readonly pass: boolean;
  message(): string;
}
