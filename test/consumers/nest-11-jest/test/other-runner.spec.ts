import { expect, it } from './runner.js';

it("is told which entry is Jest's when it imports Vitest's", () => {
  expect(() => require('@tenancy/testing/vitest')).toThrow(/run by Jest\. Import `@tenancy\/testing\/jest` instead/);
});
