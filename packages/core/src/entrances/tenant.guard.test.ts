import { Logger } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TenantContext } from '../context/tenant-context.js';
import { isTenancyError } from '../errors/tenancy-error.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import { enterRequest } from './request-entrance.js';
import { TenantGuard } from './tenant.guard.js';
import { Untenanted } from './untenanted.decorator.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();

class Handlers {
  tenanted() {}
  @Untenanted()
  untenanted() {}
}

const pass = (type: string, args: unknown[], handler: keyof Handlers = 'tenanted') => {
  const host = new ExecutionContextHost(args, Handlers, Handlers.prototype[handler]);
  host.setType(type);
  try {
    return new TenantGuard().canActivate(host);
  } catch (error) {
    return isTenancyError(error) ? error.code : error;
  }
};

const enter = (request: object, tenant: typeof acme, next: () => void) =>
  enterRequest({ resolve: () => tenant } as unknown as TenantResolver, request as never, next);

const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
afterEach(() => errors.mockClear());

describe.each(['rpc', 'ws', 'graphql', 'something new'])('a %s entrance', (type) => {
  it('is refused without a tenant, unless it is untenanted', () => {
    expect(pass(type, [{}, {}, {}])).toBe('tenant_required');
    expect(pass(type, [{}, {}, {}], 'untenanted')).toBe(true);
  });

  it("passes inside a tenant's context", () => {
    expect(context.run(acme, () => pass(type, [{}, {}, {}]))).toBe(true);
  });
});

it.each(['rpc', 'ws'])(
  'M5: a %s handler that is refused leaves one line in the log that names it, and the fix',
  (type) => {
    pass(type, [{}, {}, {}]);
    expect(errors.mock.calls).toEqual([
      [expect.stringMatching(/tenant_required: .+Handlers\.tenanted.+@Untenanted\(\)/)],
    ]);
  },
);

describe('a GraphQL operation', () => {
  it('passes in the context of its own request, and keeps the tenant beside an untenanted resolver', () => {
    const req = {};
    enter(req, acme, () => {
      expect(pass('graphql', [{}, {}, { req }])).toBe(true);
      expect(pass('graphql', [{}, {}, { req }], 'untenanted')).toBe(true);
      expect(pass('graphql', [{}, {}, { req }])).toBe(true);
      expect(context.tenantId).toBe('t_acme');
    });
  });

  it('C6: is refused in the context of another request', () => {
    const mine = {};
    enter(mine, acme, () => {});
    enter({}, globex, () => expect(pass('graphql', [{}, {}, { req: mine }])).toBe('tenant_context_missing'));
  });
});

it('GraphQL over a WebSocket, which comes through no entrance, leaves one line that names the resolver and the fix', () => {
  class Feed {
    jobs() {}
  }
  const warnings = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const host = new ExecutionContextHost([{}, {}, { req: { headers: {} } }], Feed, Feed.prototype.jobs);
  host.setType('graphql');
  for (let i = 0; i < 3; i += 1) expect(() => new TenantGuard().canActivate(host)).toThrow(/tenant_required/);
  expect(warnings.mock.calls).toEqual([[expect.stringMatching(/^Feed\.jobs is refused.+WebSocket.+@Untenanted\(\)/)]]);
  warnings.mockRestore();
});

describe('an HTTP request', () => {
  it("is refused when it came through no entrance, even inside a tenant's context", () => {
    expect(pass('http', [{}])).toBe('tenant_context_missing');
    expect(context.run(acme, () => pass('http', [{}]))).toBe('tenant_context_missing');
    expect(context.run(acme, () => pass('http', [{}], 'untenanted'))).toBe('tenant_context_missing');
  });
});
