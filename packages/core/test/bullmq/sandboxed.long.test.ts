import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { acme, as, finished, globex, type Started, someQueue, start } from './application.js';
import { eachBackend } from './backends.js';

const both = [acme, globex] as const;
const file = (name: string) => fileURLToPath(new URL(`sandboxed/${name}.mjs`, import.meta.url));

describe.each([
  { where: 'a child process', useWorkerThreads: false },
  { where: 'a thread', useWorkerThreads: true },
])('a sandboxed processor in $where', ({ useWorkerThreads }) => {
  eachBackend((backend) => {
    let app: Started;
    afterEach(async () => {
      vi.restoreAllMocks();
      await app.close();
    });

    const open = (name: string, bull = {}) => {
      const queue = someQueue();
      const processors = [{ path: file(name), concurrency: 2, useWorkerThreads }];
      return as(globex, () => start(backend, { queue, bull, register: { processors } }));
    };

    it('Q8, Q14: enters the tenant of each job, interleaved', async () => {
      app = await open('wrapped', { secret: 's'.repeat(32) });
      const queue = app.queue();
      const ids = ['one', 'two', 'three', 'bad'];
      await Promise.all(
        ids.flatMap((jobId) => both.map((tenant) => as(tenant, () => queue.add(jobId, {}, { jobId, attempts: 1 })))),
      );
      for (const tenant of both) {
        for (const id of ids) {
          const job = await finished(tenant, queue, id);
          // A child's progress and log are sent to its parent, which stores them in its own time.
          await expect
            .poll(async () => (await as(tenant, () => queue.getJob(id)))?.progress, { timeout: 60_000 })
            .toBe(50);
          await expect
            .poll(() => as(tenant, () => queue.getJobLogs(id)), { timeout: 60_000 })
            .toMatchObject({ logs: [`as ${tenant.id}`] });
          if (id === 'bad') expect(job.failedReason).toBe(`bounced ${tenant.id}`);
          else {
            expect(job.returnvalue).toMatchObject({
              by: tenant.id,
              slug: tenant.slug,
              id,
              opts: { jobId: id },
              stamp: false,
            });
            expect(JSON.stringify(job.returnvalue)).not.toMatch(/v1\.|~/);
          }
        }
      }
    });

    it('Q8: a file that is not wrapped gets no job', async () => {
      app = await open('unwrapped');
      vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
      const queue = app.queue();
      const jobs = await Promise.all(both.map((tenant) => as(tenant, () => queue.add('mail', {}, { attempts: 3 }))));
      for (const [index, tenant] of both.entries()) {
        const id = jobs[index]?.id as string;
        const job = await finished(tenant, queue, id);
        expect(job.failedReason).toMatch(/^tenancy_misconfigured: .+unwrapped\.mjs .+tenantProcessor/);
        expect(job.attemptsMade).toBe(1);
        expect(await as(tenant, () => queue.getJobLogs(id))).toMatchObject({ logs: [] });
      }
    });
  });
});

it('tenantProcessor refuses a job that no worker of TenantBullModule has handed on', async () => {
  const { tenantProcessor } = await import('../../src/bullmq.js');
  const run = tenantProcessor(() => 'ran');
  expect(() => run({ name: 'mail' } as never)).toThrow('tenant_required');
  expect(() => tenantProcessor('text' as never)).toThrow('tenantProcessor: is given no function');
});
