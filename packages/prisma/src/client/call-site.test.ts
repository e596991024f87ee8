import { afterEach, describe, expect, it } from 'vitest';
import { callSiteOf, withoutCallSite } from './call-site.js';

describe('where an operation was called', () => {
  const { stackTraceLimit } = Error;
  afterEach(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });

  it('is known whatever the application has set for its own stacks, which stays', () => {
    for (const limit of [0, 1, 50]) {
      Error.stackTraceLimit = limit;
      const operation = () => callSiteOf(operation);
      expect(operation().stack).toContain('call-site.test');
      expect(Error.stackTraceLimit).toBe(limit);
    }
  });

  it('is not looked for by Prisma, and what fails meanwhile changes nothing', () => {
    const made = withoutCallSite(() => new Error('made'));
    expect(made.stack).toBe('Error: made');
    const fail = () => {
      throw new Error('failed');
    };
    expect(() => withoutCallSite(fail)).toThrow('failed');
    expect(new Error('after').stack).toContain('call-site.test');
  });
});
