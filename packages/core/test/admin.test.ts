import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { defer, lastValueFrom, map } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { TenantAdmin, type TenantAuditEvent } from '../src/admin.js';
import { fromSubdomain, TenancyModule, type TenancyOptions, TenantContext } from '../src/index.js';
import { acme, globex, testRegistry } from './server.js';

const context = new TenantContext();
const sources = [fromSubdomain({ baseDomain: 'localhost' })];

const build = async (options: Partial<TenancyOptions> = {}) => {
  const events: TenantAuditEvent[] = [];
  const module = await Test.createTestingModule({
    imports: [
      TenancyModule.forRoot({
        registry: testRegistry(),
        sources,
        audit: (event) => void events.push(event),
        ...options,
      }),
    ],
  }).compile();
  return { admin: module.get(TenantAdmin), events };
};
const reason = 'support ticket 4711';

describe('TenantAdmin.runAs', () => {
  it('switches from inside a tenant, leaves an audit event, and restores', async () => {
    const { admin, events } = await build();
    await context.run(acme, async () => {
      const inside = await admin.runAs('t_globex', { reason }, async () => {
        await sleep(1);
        return context.tenantId;
      });
      expect([inside, context.tenantId]).toEqual(['t_globex', 't_acme']);
    });
    expect(events).toEqual([
      { action: 'run_as', tenantId: 't_globex', fromTenantId: 't_acme', reason, at: expect.any(Date) },
    ]);
  });

  it('works from outside, into an inactive tenant, and starts lazy results inside', async () => {
    const { admin, events } = await build();
    // biome-ignore lint/suspicious/noThenProperty: a lazy query is a thenable.
    const lazy = { then: (resolve: (id: string) => void) => resolve(context.tenantId) };
    expect(await admin.runAs('t_closed', { reason }, () => lazy)).toBe('t_closed');
    expect(events[0]).toMatchObject({ tenantId: 't_closed', fromTenantId: null });
    expect(context.isActive()).toBe(false);
  });

  it('interleaved: two admins in two tenants, and a third party in its own', async () => {
    const { admin } = await build();
    const as = (id: string) =>
      admin.runAs(id, { reason }, async () => sleep(Math.random() * 5).then(() => context.tenantId));
    const seen = await Promise.all(
      Array.from({ length: 60 }, (_, i) => {
        if (i % 3 === 0) return as('t_acme');
        if (i % 3 === 1) return as('t_globex');
        return context.run(globex, async () => `${await as('t_acme')} from ${context.tenantId}`);
      }),
    );
    expect(seen).toEqual(seen.map((_, i) => ['t_acme', 't_globex', 't_acme from t_globex'][i % 3]));
  });

  it("core-4: an Observable runs as the tenant of runAs, inside another one's context, and hands over in that one's", async () => {
    const { admin } = await build();
    const query = () => sleep(Math.random() * 5).then(() => context.tenantId);
    const read = (mine: typeof acme, theirs: string) =>
      context.run(mine, async () => {
        const rows = await admin.runAs(theirs, { reason }, () => defer(query));
        return lastValueFrom(rows.pipe(map((id) => `${id} for ${context.tenantId}`)));
      });
    const seen = await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? read(acme, 't_globex') : read(globex, 't_acme'))),
    );
    expect(seen).toEqual(seen.map((_, i) => (i % 2 ? 't_globex for t_acme' : 't_acme for t_globex')));
  });

  it.each(['t_nobody', '', 'acme', undefined as never])(
    "refuses the id %j, which is no tenant's, unrecorded",
    async (id) => {
      const { admin, events } = await build();
      const fn = vi.fn();
      await expect(admin.runAs(id, { reason }, fn)).rejects.toThrow('tenant_required');
      expect([fn.mock.calls.length, events.length]).toEqual([0, 0]);
    },
  );

  it.each(['', '  ', undefined as never, 7 as never])('refuses the reason %j, unrecorded', async (none) => {
    const { admin, events } = await build();
    const fn = vi.fn();
    await expect(admin.runAs('t_acme', { reason: none }, fn)).rejects.toThrow(/tenancy_misconfigured.+reason/);
    expect([fn.mock.calls.length, events.length]).toEqual([0, 0]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('audit log full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('audit log full'))],
  ])('does nothing that cannot be recorded: the sink %s', async (_, audit) => {
    const { admin } = await build({ audit });
    const fn = vi.fn();
    await expect(admin.runAs('t_acme', { reason }, fn)).rejects.toThrow('audit log full');
    expect(fn).not.toHaveBeenCalled();
  });

  it("writes one line to Nest's log by default, which a reason cannot break", async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const { admin } = await build({ audit: undefined });
    await admin.runAs('t_acme', { reason: 'a\nforged line' }, () => 1);
    const [line] = warn.mock.calls.map(String);
    warn.mockRestore();
    expect(line).toMatch(
      /^audit \{"action":"run_as","tenantId":"t_acme","fromTenantId":null,"reason":"a\\nforged line"/,
    );
    expect(line).not.toContain('\n');
  });
});
