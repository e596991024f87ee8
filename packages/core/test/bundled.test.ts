import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answersOfBundle, refusedWithItsCode } from './bundled.js';

const packageRoot = join(import.meta.dirname, '..');

describe.each(['cjs', 'esm'] as const)('an application bundled as %s, run where nothing is installed', (format) => {
  it('refuses WebSocket messages and messages without a tenant, and tells the code', async () => {
    expect(await answersOfBundle(packageRoot, { format })).toEqual(refusedWithItsCode);
  });
});

it.each(['cjs', 'esm'] as const)('fromJwt finds the @nestjs/jwt that is in a bundle of %s', async (format) => {
  const answer = await answersOfBundle(packageRoot, { format, env: { WITH_JWT: 'yes' } });
  expect(answer).toEqual(refusedWithItsCode);
});

// In CommonJS @nestjs/graphql 14 itself does not start.
it('a field of GraphQL is held in a bundle that renames every class', async () => {
  expect(await answersOfBundle(packageRoot, { format: 'esm', graphql: true })).toEqual({
    t_acme: 'rows of t_acme',
    t_globex: 'tenant_mismatch',
  });
});
