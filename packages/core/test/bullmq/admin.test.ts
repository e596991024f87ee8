import type { AddressInfo } from 'node:net';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Queue } from 'bullmq';
import { afterEach, expect, it } from 'vitest';
import { TenantQueueAdmin } from '../../src/admin.js';
import { acme, as, globex, rootModule, someQueue, tenantNow, until } from './application.js';
import { eachBackend } from './backends.js';

const both = [acme, globex] as const;

eachBackend((backend) => {
  let app: INestApplication;
  let ran: string[];
  const events: unknown[] = [];
  afterEach(() => app.close());

  async function open(): Promise<{ queue: Queue; admin: TenantQueueAdmin }> {
    const name = someQueue();
    ran = [];
    @Processor(name, { autorun: true })
    class Mails extends WorkerHost {
      async process(): Promise<void> {
        ran.push(tenantNow());
        throw new Error('bounced');
      }
    }
    events.length = 0;
    const audit = (event: unknown) => void events.push(event);
    const root = rootModule(backend, { queue: name, providers: [Mails], audit });
    app = await NestFactory.create<NestExpressApplication>(root, { logger: false });
    return { queue: app.get(getQueueToken(name)), admin: app.get(TenantQueueAdmin) };
  }

  it('Q6: the admin lists, counts, pauses and sweeps the jobs of all tenants, with an audit event', async () => {
    const { queue, admin } = await open();
    const reason = 'support ticket 4711';
    await Promise.all(
      both.map((tenant) => as(tenant, () => queue.add('mail', { of: tenant.id }, { jobId: 'one', delay: 60_000 }))),
    );
    const jobs = await as(acme, () => admin.acrossTenants({ reason }, queue, (raw) => raw.getDelayed()));
    expect(jobs.map(({ data }) => data.of).toSorted()).toEqual(['t_acme', 't_globex']);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(2);
    expect(events).toEqual([
      { action: 'across_tenants', queue: queue.name, reason, fromTenantId: 't_acme', at: expect.any(Date) },
    ]);
    await admin.acrossTenants({ reason }, queue, async (raw) => {
      expect(tenantNow()).toBe('none');
      expect(await raw.getJobCounts('delayed')).toEqual({ delayed: 2 });
      await raw.pause();
      expect(await queue.isPaused()).toBe(true);
      await raw.resume();
      await raw.drain(true);
    });
    for (const tenant of both) expect(await as(tenant, () => queue.getJob('one'))).toBeUndefined();
  });

  it('asks for a reason, a function, and a queue of ours', async () => {
    const { queue, admin } = await open();
    await expect(admin.acrossTenants({ reason: ' ' }, queue, () => 1)).rejects.toThrow('has no reason');
    await expect(admin.acrossTenants({ reason: 'x' }, queue, undefined as never)).rejects.toThrow(
      'is given no function',
    );
    await expect(admin.acrossTenants({ reason: 'x' }, { name: 'mails' }, () => 1)).rejects.toThrow(
      'is no queue of TenantBullModule',
    );
    expect(events).toEqual([]);
  });

  it('bull-board shows and retries the jobs of all tenants, and each runs as its own', async () => {
    const { queue, admin } = await open();
    const serverAdapter = new ExpressAdapter();
    serverAdapter.setBasePath('/queues');
    await admin.acrossTenants({ reason: 'dashboard' }, queue, (raw) =>
      createBullBoard({ queues: [new BullMQAdapter(raw)], serverAdapter }),
    );
    app.use('/queues', serverAdapter.getRouter());
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const at = `http://127.0.0.1:${port}/queues/api/queues`;
    await Promise.all(both.map((tenant) => as(tenant, () => queue.add('mail', { of: tenant.id }))));
    const failed = async () => {
      const answer = await fetch(`${at}?activeQueue=${queue.name}&status=failed&page=1`);
      const { queues } = (await answer.json()) as {
        queues: { counts: { failed: number }; jobs: { id: string; data: { of: string } }[] }[];
      };
      return queues[0];
    };
    await until(async () => (await failed())?.counts.failed === 2);
    const shown = await failed();
    expect(shown?.jobs.map(({ data }) => data.of).toSorted()).toEqual(['t_acme', 't_globex']);
    for (const { id } of shown?.jobs ?? []) {
      const answer = await fetch(`${at}/${queue.name}/${encodeURIComponent(id)}/retry`, { method: 'PUT' });
      expect([answer.status, await answer.text()]).toEqual([204, '']);
    }
    await until(() => ran.length === 4);
    expect(ran.toSorted()).toEqual(['t_acme', 't_acme', 't_globex', 't_globex']);
  });
});
