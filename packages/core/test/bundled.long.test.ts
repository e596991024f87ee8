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

describe.each(['cjs', 'esm'] as const)('a bundle of %s does not start', (format) => {
  it.each([
    ['@nestjs/websockets', 'nothing', 'gateways'],
    ['@nestjs/websockets', 'empty', 'gateways'],
    ['@nestjs/microservices', 'nothing', 'handlers of messages'],
    ['@nestjs/microservices', 'empty', 'handlers of messages'],
  ] as const)('where this package gets of %s %s, which its refusals need', async (name, as, used) => {
    expect(await answersOfBundle(packageRoot, { format, missing: { name, as } })).toEqual({
      error:
        `tenancy_misconfigured: TenancyModule: cannot load ${name}, and the application has ${used}. ` +
        `Install ${name} where @tenancy/core finds it; in a bundle, bundle both of them or neither.`,
    });
  });

  it('where fromJwt does not find @nestjs/jwt', async () => {
    const missing = { name: '@nestjs/jwt', as: 'nothing' } as const;
    expect(await answersOfBundle(packageRoot, { format, missing, env: { WITH_JWT: 'yes' } })).toEqual({
      error: expect.stringMatching(
        /^tenancy_misconfigured: fromJwt: checks tokens with @nestjs\/jwt, which is not installed\. .+`verifier`/,
      ),
    });
  });
});

// In CommonJS @nestjs/graphql 14 itself does not start.
it('a field of GraphQL is held in a bundle that renames every class', async () => {
  expect(await answersOfBundle(packageRoot, { format: 'esm', graphql: true })).toEqual({
    t_acme: 'rows of t_acme',
    t_globex: 'tenant_mismatch',
  });
});
