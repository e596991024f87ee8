import { expect, it } from './runner.js';

it("is told which entry is Vitest's when it imports Jest's", async () => {
  const importing = import('@tenancy/testing/jest');
  await expect(importing).rejects.toThrow(/run by Vitest\. Import `@tenancy\/testing\/vitest` instead/);
});
