import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { describe, expect, it } from 'vitest';
import { isTenantScopeError, type TenantScopedOptions, TenantScopeError, tenantScoped } from '../src/index.js';
import { PrismaClient } from './generated/client.js';

const context = new TenantContext();
// Nothing connects before the first query.
const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: 'postgres://127.0.0.1:1/none' }) });
const construct = (options: Partial<TenantScopedOptions>, prisma: unknown = client) =>
  tenantScoped(prisma as typeof client, { context, ...options });

describe('construction fails, naming what is wrong and the fix,', () => {
  it.each([
    ['without `shared`, for a model without the tenant field', {}, 'the model Country has no field tenantId'],
    [
      'for a shared name that is no model',
      { shared: ['Country', 'Planet'] },
      'shared names "Planet", which is no model',
    ],
    ['for a model property in place of its name', { shared: ['country'] }, 'shared names "country"'],
    ['for an inherited name', { shared: ['Country', 'constructor'] }, 'shared names "constructor"'],
    [
      'for a shared model with the tenant field',
      { shared: ['Country', 'Job'] },
      'shared names Job, which has the field',
    ],
    [
      'for a tenant field no model has',
      { shared: ['Country'], tenantField: 'orgId' },
      'the model Office has no field orgId',
    ],
    [
      'for a tenant field that is a number',
      { shared: ['Country', 'Office', 'Candidate'], tenantField: 'salary' },
      'Job.salary must be a String',
    ],
    [
      'for a tenant field that is a list',
      { shared: ['Country', 'Office', 'Job'], tenantField: 'tags' },
      'Candidate.tags must be a String',
    ],
    ['without a context', { shared: ['Country'], context: undefined as never }, 'the option `context` is missing'],
  ] satisfies [string, Partial<TenantScopedOptions>, string][])('%s', (_name, options, message) => {
    expect(() => construct(options)).toThrow(
      expect.objectContaining({ code: 'scope_misconfigured', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    ['no client', null],
    ['something else', {}],
    [
      'a client with extensions (P25)',
      client.$extends({ query: { $allOperations: ({ args, query }) => query(args) } }),
    ],
    ['a client of Prisma 6 (prisma-22)', Object.create(client, { _clientVersion: { value: '6.19.0' } })],
    ['a client of MongoDB', Object.create(client, { _activeProvider: { value: 'mongodb' } })],
    ['a client without its schema', Object.create(client, { _engineConfig: { value: {} } })],
    [
      'a client whose schema is another',
      Object.create(client, { _engineConfig: { value: { inlineSchema: 'model A {}' } } }),
    ],
  ])('for %s', (_name, prisma) => {
    expect(() => construct({ shared: ['Country'] }, prisma)).toThrow(
      expect.objectContaining({ code: 'scope_misconfigured' }),
    );
  });

  it('and succeeds when every model is classified', () => {
    const scoped = construct({ shared: ['Country'] });
    expect(Object.keys(scoped)).toEqual(['country', 'office', 'job', 'candidate']);
  });
});

it('errors are recognised by their brand, across copies of the package', () => {
  const error = new TenantScopeError('scope_refused', 'x');
  const copy = Object.assign(new Error('x'), { code: 'scope_refused', [Symbol.for('@tenancy/prisma:error')]: true });
  expect([error, copy].map((each) => isTenantScopeError(each, 'scope_refused'))).toEqual([true, true]);
  expect([error, copy, null, new Error('x')].map((each) => isTenantScopeError(each, 'tenant_conflict'))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
