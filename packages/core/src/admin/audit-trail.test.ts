import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TenantContext } from '../context/tenant-context.js';
import type { AuditEvent } from './audit-event.js';
import { AuditTrail } from './audit-trail.js';
import { requireReason } from './require-reason.js';

const acme = { id: 't_acme', slug: 'acme' };

describe('an audit trail', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('tells the sink what is about to be done, from whose context, why and when', async () => {
    const events: AuditEvent[] = [];
    const audit = new AuditTrail<AuditEvent & { readonly tables: number }>('AdminKysely', (event) => {
      events.push(event);
    });
    const event = { action: 'across_tenants', tables: 2, reason: 'invoices' };
    await audit.record(event);
    await new TenantContext().run(acme, () => audit.record(event));
    expect(events).toEqual([
      { ...event, fromTenantId: null, at: expect.any(Date) },
      { ...event, fromTenantId: 't_acme', at: expect.any(Date) },
    ]);
  });

  it('rejects with what the sink throws', async () => {
    const audit = new AuditTrail('AdminKysely', () => {
      throw new Error('the audit log is full');
    });
    await expect(audit.record({ action: 'across_tenants', reason: 'x' })).rejects.toThrow('the audit log is full');
  });

  it.each(['warn', 'log'] as const)("is one line of Nest's log without a sink, at the level %s", async (level) => {
    const lines: unknown[] = [];
    vi.spyOn(Logger.prototype, level).mockImplementation((line) => void lines.push(line));
    await new AuditTrail('AdminKysely', null, level).record({ action: 'across_tenants', reason: 'a\nforged line' });
    expect(lines).toEqual([
      expect.stringMatching(/^audit \{"action":"across_tenants","fromTenantId":null,"reason":"a\\nforged line","at":/),
    ]);
  });
});

describe("the reason of an admin's work", () => {
  it('is what the caller gives', () => {
    expect(requireReason('AdminKysely.acrossTenants', { reason: 'ticket 4711' })).toBe('ticket 4711');
  });

  it.each([undefined, null, {}, { reason: ' ' }, { reason: 7 }])('is required, and %j has none', (options) => {
    expect(() => requireReason('AdminKysely.acrossTenants', options)).toThrow(
      /^tenancy_misconfigured: AdminKysely\.acrossTenants: has no reason/,
    );
  });
});
